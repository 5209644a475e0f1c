import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createDatabase, type Kind } from '../support/databases.js';
import { type LatePort, latePort } from '../support/late-port.js';
import { project } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A database whose server is not up yet; `start` brings it up. */
async function late(kind: Kind) {
  const db = await createDatabase(kind);
  open.push(() => db.drop());
  const door: LatePort = await latePort();
  open.push(() => door.close());
  const url = new URL(db.url);
  const port = Number(url.port);
  url.port = String(door.port);
  return { db, url: url.href, start: () => door.open(port) };
}

function shop(shards: object) {
  const place = project({
    'package.json': '{ "type": "module" }',
    'dbpat.config.json': JSON.stringify({ shards }),
    'migrations/1_t.sql': 'create table t (id integer);\n',
  });
  open.push(() => place.remove());
  const run = (...args: string[]) => runCli(args, { cwd: place.path });
  return { ...place, run };
}

function events(stderrOrStdout: string): any[] {
  return stderrOrStdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe.each(['postgres15', 'mariadb'] as const)('%s', (kind) => {
  it('F46 a server that comes up late is waited for, and the wait is told', async () => {
    const { db, url, start } = await late(kind);
    const { run } = shop([{ name: 'main', url }]);
    const refused = await run('migrate', 'up', '--json');
    expect([refused.exitCode, (refused.json() as any).shards[0].error.code]).toEqual([8, 'unreachable']);

    const up = run('migrate', 'up', '--wait-for', '2m', '--events=-');
    setTimeout(() => void start(), 5000);
    const { exitCode, stdout, stderr } = await up;
    expect([exitCode, stderr.includes('1 migration applied')]).toEqual([0, true]);
    const [first, ...rest] = events(stdout);
    expect(first).toEqual({
      v: 1,
      ts: expect.any(String),
      type: 'wait',
      shard: 'main',
      reason: expect.stringContaining('ECONNREFUSED'),
      waitedMs: expect.any(Number),
    });
    expect(rest.some((event) => event.type === 'step-end')).toBe(true);
    expect(await db.tables()).toContain('t');
  });
});

it('F46 when the time is over nothing has run anywhere', async () => {
  const { url } = await late('postgres15');
  const { run, path } = shop([
    { name: 'edge', url: 'sqlite:edge.db' },
    { name: 'main', url },
  ]);
  const up = await run('migrate', 'up', '--wait-for', '500ms', '--json');
  expect([up.exitCode, (up.json() as any).error]).toEqual([
    8,
    {
      code: 'unreachable',
      message: expect.stringMatching(/^main: cannot reach .*; nothing ran after waiting 0\.5 s$/),
      hint: 'dbpat shards --shard main',
      shard: 'main',
      dbCode: 'ECONNREFUSED',
    },
  ]);
  expect(existsSync(join(path, 'edge.db'))).toBe(false);
  const status = await run('migrate', 'status', '--wait-for', '500ms', '--json');
  expect([status.exitCode, (status.json() as any).shards.map((shard: any) => shard.reachable)]).toEqual([
    8,
    [true, false],
  ]);
});

it('F46 several that have not come up are all named', async () => {
  const [a, b] = [await late('postgres15'), await late('mariadb')];
  const { run } = shop([
    { name: 'a', url: a.url },
    { name: 'b', url: b.url },
  ]);
  const up = await run('migrate', 'up', '--wait-for', '300ms');
  expect([up.exitCode, up.stdout]).toEqual([8, '']);
  expect(up.stderr).toContain('error: 2 of 2 shards cannot be reached; nothing ran after waiting 0.3 s');
  expect(up.stderr).toMatch(/ {2}a: .*\n {2}b: .*\n {2}next: dbpat shards/);
});

it('F51 wrong credentials are not waited for', async () => {
  const db = await createDatabase('mariadb');
  open.push(() => db.drop());
  const url = new URL(db.url);
  url.password = 'c4nary-Pa55-wrong';
  const { run } = shop([{ name: 'main', url: url.href }]);
  const up = await run('migrate', 'up', '--wait-for', '10m', '--json');
  expect([up.exitCode, (up.json() as any).shards[0].error.code, up.stderr]).toEqual([8, 'not_allowed', '']);
});

it('F46 a directory of shards is waited for as well', async () => {
  const { db, url, start } = await late('postgres15');
  await db.query("create table shards as select 'main' as name, 'sqlite:main.db' as url");
  const { run } = shop({ url, query: 'select name, url from shards' });
  const up = run('migrate', 'up', '--wait-for', '2m');
  setTimeout(() => void start(), 1000);
  const { exitCode, stderr } = await up;
  expect([exitCode, stderr.includes('waits for the database: connect ECONNREFUSED')]).toEqual([0, true]);
});

it('F26 a signal ends the wait', async () => {
  const { url } = await late('postgres15');
  const { path } = shop([{ name: 'main', url }]);
  const bin = fileURLToPath(new URL('../../bin/dbpat.js', import.meta.url));
  const child = spawn(process.execPath, [bin, 'migrate', 'up', '--wait-for', '10m'], { cwd: path });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    if (stderr === '') child.kill('SIGINT');
    stderr += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect([code, stderr.includes('stopped by SIGINT')]).toEqual([130, true]);
});
