import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { project, type TestProject } from '../support/project.js';
import { runCli } from '../support/run-cli.js';
import { startPgbouncer } from '../support/servers/pgbouncer.js';
import type { TestServer } from '../support/servers/process.js';

const bin = fileURLToPath(new URL('../../bin/dbpat.js', import.meta.url));

describe('through pgbouncer in transaction mode', () => {
  let db: TestDatabase;
  let pooler: TestServer;
  let shop: TestProject;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    db = await createDatabase('postgres18');
    pooler = await startPgbouncer(db.url, 2);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    shop?.remove();
    await db.query('drop schema public cascade');
    await db.query('create schema public');
  });
  afterAll(async () => {
    await pooler.stop();
    await db.drop();
  });

  /** Each migration leaves a row: twice would be two rows. */
  function place(migrations: number, shard: object = {}): void {
    const files = Array.from({ length: migrations }, (_, i) => [
      `migrations/${i + 2}_row.sql`,
      `insert into witness values (${i + 2});`,
    ]);
    shop = project({
      'dbpat.config.mjs': `export default {
  shards: [{ name: 'main', url: ${JSON.stringify(pooler.url)}, ...${JSON.stringify(shard)} }],
  lock: { wait: '40s', ttl: '1s' },
  hooks: { afterStep: () => new Promise((done) => setTimeout(done, Number(process.env.GAP ?? 0))) },
};`,
      'migrations/1_witness.sql': 'create table witness (version integer);',
      ...Object.fromEntries(files),
    });
  }
  const up = (env: Record<string, string> = {}) => runCli(['migrate', 'up'], { cwd: shop.path, env });
  const witnesses = async () =>
    (await db.query('select version from witness order by 1')).map((row) => row.version);

  it('F3 one of several runners does the work, and each migration runs once', async () => {
    place(8);
    const runs = await Promise.all([up(), up(), up(), up()]);
    expect(runs.map((run) => run.exitCode)).toEqual([0, 0, 0, 0]);
    expect(await witnesses()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('F5 nothing of a session is left in the pool', async () => {
    place(0);
    shop.write('migrations/2_set.sql', "set search_path = pg_catalog; set statement_timeout = '7s';");
    expect((await up()).exitCode).toBe(0);
    const client = await createPooledClient(pooler.url);
    try {
      const { rows } = await client.query('show search_path');
      expect(rows).toEqual([{ search_path: '"$user", public' }]);
      expect((await client.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '0' }]);
      expect((await client.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '0' }]);
    } finally {
      await client.end();
    }
  });

  it('F11 a runner that was frozen, taken over and woken up commits nothing more', async () => {
    place(6);
    const frozen = spawn(process.execPath, [bin, 'migrate', 'up'], {
      cwd: shop.path,
      env: { PATH: process.env.PATH ?? '', HOME: '/', GAP: '1500' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(frozen);
    let said = '';
    frozen.stderr.on('data', (text) => {
      said += text;
    });
    const applied = async () =>
      (await db.query('select count(*)::int as n from schema_migrations').catch(() => [{ n: 0 }]))[0].n;
    await expect.poll(applied, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    frozen.kill('SIGSTOP');
    expect((await up()).exitCode).toBe(0);
    const ended = new Promise<number | null>((resolve) => frozen.once('close', resolve));
    frozen.kill('SIGCONT');
    expect(await ended).toBe(7);
    expect(said).toContain('another run has taken the lock over');
    expect(await witnesses()).toEqual([2, 3, 4, 5, 6, 7]);
    const takeovers = await db.query("select event from schema_migrations_log where event = 'takeover'");
    expect(takeovers).toEqual([{ event: 'takeover' }]);
  });

  it('what runs outside a transaction is refused, and runs through a directUrl', async () => {
    place(0);
    shop.write(
      'migrations/2_index.sql',
      '-- migrate:up transaction:false\ncreate index concurrently w on witness (version);',
    );
    const refused = await up();
    expect(refused.exitCode).toBe(12);
    expect(refused.stderr).toContain('give main a directUrl');
    expect(await db.tables()).toEqual([]);
    shop.remove();
    place(0, { directUrl: db.url });
    shop.write(
      'migrations/2_index.sql',
      '-- migrate:up transaction:false\ncreate index concurrently w on witness (version);',
    );
    expect((await up()).exitCode).toBe(0);
  });

  it("lock.mode 'session' is refused there", async () => {
    place(0);
    shop.write(
      'dbpat.config.json',
      JSON.stringify({ shards: [{ name: 'main', url: pooler.url }], lock: { mode: 'session' } }),
    );
    const run = await runCli(['migrate', 'up', '--config', 'dbpat.config.json'], { cwd: shop.path });
    expect(run.exitCode).toBe(12);
    expect(run.stderr).toContain('a transaction pooler');
  });
});

async function createPooledClient(url: string) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
