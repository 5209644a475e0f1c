import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { project, type TestProject } from '../support/project.js';
import { runCli, startCli } from '../support/run-cli.js';

/** The test build does at a failpoint what it is told; all other suites of crashes stand on it. */
let db: TestDatabase;
let shop: TestProject;

beforeAll(async () => {
  db = await createDatabase('sqlite');
  shop = project({
    'dbpat.config.json': JSON.stringify({ shards: [{ name: 'main', url: db.url }] }),
    'migrations/1_a.sql': '-- migrate:up\ncreate table a (id integer);\n-- migrate:down\ndrop table a;\n',
  });
});
afterAll(async () => {
  shop.remove();
  await db.drop();
});

const patient = { timeout: 50_000 };
const lines = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');

it('kills itself at the n-th passing, and not before', async () => {
  const trace = join(shop.path, 'killed');
  const up = await runCli(['migrate', 'up'], {
    cwd: shop.path,
    failpoint: 'batch.commit.after@1=kill',
    trace,
  });
  expect(up.signal).toBe('SIGKILL');
  expect(lines(trace).at(-1)).toBe('batch.commit.after@1');
  expect(await db.tables()).toEqual(['schema_migrations', 'schema_migrations_lock', 'schema_migrations_log']);
  const later = await runCli(['migrate', 'up'], { cwd: shop.path, failpoint: 'batch.commit.after@99=kill' });
  expect(later.exitCode).toBe(0);
});

it('throws, marks, waits', async () => {
  const mark = join(shop.path, 'mark');
  const hold = join(shop.path, 'hold');
  const running = await startCli(['migrate', 'down'], {
    cwd: shop.path,
    failpoint: `lock.acquired=hold:${hold},step.begin=mark:${mark},step.send=throw`,
  });
  await expect
    .poll(() => db.query('select holder from schema_migrations_lock where holder is not null'), patient)
    .toHaveLength(1);
  await expect.poll(() => existsSync(`${hold}.here`), patient).toBe(true);
  expect(existsSync(mark)).toBe(false);
  shop.write('hold', '');
  const down = await running.result;
  expect([down.exitCode, down.stderr]).toEqual([3, expect.stringContaining('failpoint step.send')]);
  expect(lines(mark)).toEqual([expect.stringMatching(/^step\.begin \d+ \d+$/)]);
  expect(await db.tables()).toContain('a');
});

it('stops itself until it is told to go on', async () => {
  const running = await startCli(['migrate', 'down'], { cwd: shop.path, failpoint: 'step.begin=stop' });
  const state = () => readFileSync(`/proc/${running.pid}/stat`, 'utf8').split(') ')[1]![0];
  await expect.poll(state, patient).toBe('T');
  running.kill('SIGCONT');
  expect((await running.result).exitCode).toBe(0);
});

it('a word that it does not know is an error', async () => {
  const up = await runCli(['migrate', 'up'], { cwd: shop.path, failpoint: 'step.begin=explode' });
  expect([up.exitCode, up.stderr]).toEqual([
    expect.any(Number),
    expect.stringContaining('no action explode'),
  ]);
});
