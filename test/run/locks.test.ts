import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { lockName } from '../../src/dialects/mysql/server.js';
import { lockKey } from '../../src/dialects/postgres/server.js';
import { createDatabase, type Kind, kinds, type TestDatabase } from '../support/databases.js';
import { commandOf } from '../support/hints.js';
import { project } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Its second migration waits until it is told to go on, and holds the lock meanwhile. */
async function place(kind: Kind, config: object = {}) {
  const db: TestDatabase = await createDatabase(kind);
  open.push(() => db.drop());
  const shop = project({
    'package.json': '{ "type": "module" }',
    'dbpat.config.json': JSON.stringify({ shards: [{ name: 'main', url: db.url }], ...config }),
    'migrations/1_one.sql': 'create table one (id integer);\n',
    'migrations/2_waits.ts': `import { existsSync, writeFileSync } from 'node:fs';
export async function up() {
  writeFileSync('holding', '');
  while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 50));
}`,
  });
  open.push(() => shop.remove());
  const json = async (...args: string[]): Promise<any> => {
    const result = await runCli([...args, '--json'], { cwd: shop.path });
    return { ...(result.json() as any), exitCode: result.exitCode };
  };
  /** A run that holds the lock when this returns. */
  const hold = async (): Promise<ChildProcess> => {
    const bin = fileURLToPath(new URL('../../bin/dbpat.js', import.meta.url));
    const child = spawn(process.execPath, [bin, 'migrate', 'up'], { cwd: shop.path, stdio: 'ignore' });
    open.push(() => end(child));
    while (!existsSync(join(shop.path, 'holding'))) await new Promise((resolve) => setTimeout(resolve, 50));
    return child;
  };
  return { db, json, hold, ...shop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** A session that is no dbpat's runs the statement, and stays until somebody ends it. */
async function strangerHolds({ kind, url }: TestDatabase, sql: string): Promise<void> {
  if (kind === 'mariadb') {
    const connection = await mysql.createConnection(url);
    connection.on('error', () => {});
    await connection.query(sql);
    open.push(() => connection.destroy());
    return;
  }
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query(sql);
  open.push(() => client.end().catch(() => {}));
}

const free = {
  state: 'free',
  holder: null,
  host: null,
  pid: null,
  runId: null,
  kind: null,
  since: null,
  processRuns: null,
  session: null,
};

describe.each(kinds)('on %s', (kind) => {
  const kept = kind === 'sqlite' ? 'process' : 'session';

  it('shows who holds the shard, and lets go of nobody who is alive', async () => {
    const { db, json, hold } = await place(kind);
    await db.query('create table older (id integer)');
    expect((await json('lock', 'show')).shards).toEqual([
      { shard: 'main', lock: { ...free, epoch: 0, beat: 0 } },
    ]);
    expect(await db.tables()).toEqual(['older']);

    const child = await hold();
    const show = await json('lock', 'show');
    const [{ lock }] = show.shards;
    const { session, ...row } = lock;
    expect([show.exitCode, row]).toEqual([
      0,
      {
        state: 'held',
        holder: expect.stringContaining(`@${hostname()}`),
        host: hostname(),
        pid: child.pid,
        runId: expect.stringMatching(/^0[0-9a-z]{19}$/),
        kind: kept,
        epoch: 1,
        beat: expect.any(Number),
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        processRuns: true,
      },
    ]);
    expect(Math.abs(Date.parse(row.since) - Date.now())).toBeLessThan(600_000);
    if (kind === 'sqlite') expect(session).toBe(null);
    else expect(session).toMatchObject({ id: expect.stringMatching(/^\d+\//), user: 'app' });

    const refused = await json('lock', 'release', '--reason', 'impatience');
    const { error } = refused.shards[0];
    expect([refused.exitCode, error.code, error.hint]).toEqual([
      12,
      'refused',
      'wait for it, or end its session: dbpat lock release --terminate --reason TEXT',
    ]);
    const ended = await json(...commandOf(error.hint));
    if (kind === 'sqlite') {
      expect([ended.exitCode, ended.shards[0].error.hint]).toEqual([12, `kill ${child.pid}`]);
      return;
    }
    expect([ended.exitCode, ended.shards[0].outcome, ended.shards[0].terminated]).toEqual([
      0,
      'released',
      session.id,
    ]);
    const log = await json('migrate', 'log');
    const line = log.lines.find((one: any) => one.event === 'release');
    expect([line.version, line.detail.reason, line.detail.terminated, line.detail.from.pid]).toEqual([
      null,
      'TEXT',
      session.id,
      child.pid,
    ]);
  });

  it('F10 what a killed run has left is stale, and is released or taken over', async () => {
    const { json, hold, write } = await place(kind);
    const child = await hold();
    await end(child);
    const stale = await json('lock', 'show');
    expect([stale.shards[0].lock.state, stale.shards[0].lock.pid, stale.shards[0].lock.processRuns]).toEqual([
      'stale',
      child.pid,
      false,
    ]);
    const released = await json('lock', 'release', '--reason', 'its pod is gone');
    expect([released.exitCode, released.shards[0].outcome, released.shards[0].terminated]).toEqual([
      0,
      'released',
      null,
    ]);
    expect((await json('lock', 'show')).shards[0].lock).toEqual({ ...free, epoch: 2, beat: 0 });
    const again = await json('lock', 'release', '--reason', 'again');
    expect([again.exitCode, again.shards[0].outcome]).toEqual([0, 'free']);
    write('go', '');
    expect((await json('migrate', 'up')).exitCode).toBe(0);
  });

  it('a lease of another machine is watched: held while it moves, unknown while it does not', async () => {
    const { db, json } = await place(kind, { lock: { ttl: '2s' } });
    await json('migrate', 'up', '--to', '1');
    await db.query(
      "update schema_migrations_lock set holder = 'a@elsewhere', host = 'elsewhere', pid = 7, run_id = 'r', session = 'lease 7@1~2.3 9/elsewhere' where name = 'lease'",
    );
    const still = await json('lock', 'show');
    expect([still.shards[0].lock.state, still.shards[0].lock.processRuns]).toEqual(['unknown', null]);

    const beat = setInterval(
      () =>
        void db
          .query("update schema_migrations_lock set beat = beat + 1 where name = 'lease'")
          .catch(() => {}),
      100,
    );
    open.push(() => clearInterval(beat));
    const moving = await json('lock', 'show');
    expect(moving.shards[0].lock.state).toBe('held');
    const refused = await json('lock', 'release', '--reason', 'x');
    expect([refused.exitCode, refused.shards[0].error.code]).toEqual([12, 'refused']);
    clearInterval(beat);

    const released = await json('lock', 'release', '--reason', 'that machine is gone');
    expect([released.exitCode, released.shards[0].outcome, released.shards[0].lock.holder]).toEqual([
      0,
      'released',
      'a@elsewhere',
    ]);
    expect((await json('lock', 'show')).shards[0].lock.state).toBe('free');
  });
});

describe.each(['postgres15', 'mariadb'] as const)('F4 an orphaned session on %s', (kind) => {
  it('is shown, and ended only when that is said', async () => {
    const { db, json } = await place(kind);
    await json('migrate', 'up', '--to', '1');
    const name = new URL(db.url).pathname.slice(1);
    const key = `${name}\0${kind === 'mariadb' ? '' : 'public'}\0schema_migrations`;
    const sql =
      kind === 'mariadb'
        ? `select get_lock('${lockName(key)}', 0)`
        : `select pg_advisory_lock(${lockKey(key)})`;
    await strangerHolds(db, sql);

    const show = await json('lock', 'show');
    const { lock } = show.shards[0];
    expect([lock.state, lock.holder, lock.kind, lock.session.user]).toEqual([
      'orphaned',
      null,
      'session',
      'app',
    ]);
    const up = await json('migrate', 'up', '--lock-wait', '200ms');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([7, 'lock_timeout']);
    const refused = await json('lock', 'release', '--reason', 'x');
    expect(refused.exitCode).toBe(12);
    const ended = await json(...commandOf(refused.shards[0].error.hint));
    expect([ended.exitCode, ended.shards[0].terminated]).toEqual([0, lock.session.id]);
    expect((await json('lock', 'show')).shards[0].lock.state).toBe('free');
  });
});

it('a moving lease is taken away when that is said, and a protected shard asks', async () => {
  const { db, json, write } = await place('postgres15', { lock: { ttl: '2s' } });
  await json('migrate', 'up', '--to', '1');
  write(
    'dbpat.config.json',
    JSON.stringify({ shards: [{ name: 'main', url: db.url, protected: true }], lock: { ttl: '2s' } }),
  );
  await db.query(
    "update schema_migrations_lock set holder = 'a@elsewhere', host = 'elsewhere', pid = 7, run_id = 'r', session = 'lease 7@1~2.3 9/elsewhere' where name = 'lease'",
  );
  const beat = setInterval(
    () =>
      void db.query("update schema_migrations_lock set beat = beat + 1 where name = 'lease'").catch(() => {}),
    100,
  );
  open.push(() => clearInterval(beat));
  const refused = await json('lock', 'release', '--terminate', '--reason', 'x');
  expect([refused.exitCode, refused.error.code]).toEqual([12, 'protected']);
  const released = await json('lock', 'release', '--terminate', '--reason', 'x', '--yes');
  expect([released.exitCode, released.shards[0].outcome]).toEqual([0, 'released']);
  const log = await json('migrate', 'log');
  expect(log.lines.slice(-2).map((line: any) => [line.event, line.detail.from.host])).toEqual([
    ['takeover', 'elsewhere'],
    ['release', 'elsewhere'],
  ]);
});
