import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createDatabase, type Kind, kinds, type TestDatabase } from '../support/databases.js';
import { commandOf } from '../support/hints.js';
import { project } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const tables = {
  'migrations/1_one.sql': '-- migrate:up\ncreate table one (id integer);\n-- migrate:down\ndrop table one;\n',
  'migrations/2_two.sql': '-- migrate:up\ncreate table two (id integer);\n-- migrate:down\ndrop table two;\n',
  'migrations/3_three.sql':
    '-- migrate:up\ncreate table three (id integer);\n-- migrate:down\ndrop table three;\n',
};

async function database(kind: Kind): Promise<TestDatabase> {
  const db = await createDatabase(kind);
  open.push(() => db.drop());
  return db;
}

function shop(files: Record<string, string>, dbs: Record<string, TestDatabase>, config: object = {}) {
  const shards = Object.entries(dbs).map(([name, db]) => ({ name, url: db.url }));
  const place = project({
    'package.json': '{ "type": "module" }',
    'dbpat.config.json': JSON.stringify({ shards, ...config }),
    'migrations/_keep': '',
    ...files,
  });
  open.push(() => place.remove());
  const json = async (...args: string[]): Promise<any> => {
    const result = await runCli([...args, '--json'], { cwd: place.path });
    return { ...(result.json() as any), exitCode: result.exitCode };
  };
  return { ...place, json, follow: (hint: string) => json(...commandOf(hint)) };
}

describe.each(kinds)('on %s', (kind) => {
  it('baseline marks without running, and down and up go on from there', async () => {
    const db = await database(kind);
    await db.query('create table one (id integer)');
    await db.query('create table two (id integer)');
    const { json } = shop(tables, { main: db });
    const preview = await json('migrate', 'baseline', '002', '--dry-run');
    expect([preview.exitCode, preview.dryRun, preview.shards[0].changes.length]).toEqual([0, true, 2]);
    expect(await db.tables()).toEqual(['one', 'two']);

    const marked = await json('migrate', 'baseline', '002', '--reason', "it's by hand");
    expect([marked.exitCode, marked.dryRun, marked.shards]).toEqual([
      0,
      false,
      [
        {
          shard: 'main',
          changes: [
            {
              version: '1',
              description: 'one',
              phase: 'up',
              change: 'baselined',
              what: '1 one: counts as applied',
            },
            {
              version: '2',
              description: 'two',
              phase: 'up',
              change: 'baselined',
              what: '2 two: counts as applied',
            },
          ],
        },
      ],
    ]);
    const rows = await db.query(
      'select version, status, applied_order, duration_ms, source from schema_migrations order by applied_order',
    );
    expect(
      rows.map((row) => [row.version, row.status, Number(row.applied_order), Number(row.duration_ms)]),
    ).toEqual([
      ['1', 'applied', 1, 0],
      ['2', 'applied', 2, 0],
    ]);
    expect(rows.map((row) => row.source.includes('create table'))).toEqual([true, true]);
    const log = await json('migrate', 'log');
    expect(log.lines.map((line: any) => [line.event, line.version, line.detail.reason])).toEqual([
      ['baseline', '1', "it's by hand"],
      ['baseline', '2', "it's by hand"],
    ]);

    const again = await json('migrate', 'baseline', '2');
    expect([again.exitCode, again.shards[0].changes]).toEqual([0, []]);
    const up = await json('migrate', 'up');
    expect(up.shards[0].steps.map((step: any) => [step.version, step.outcome])).toEqual([['3', 'done']]);
    expect((await json('migrate', 'verify')).exitCode).toBe(0);
    expect((await json('migrate', 'down', '--to', '1')).exitCode).toBe(0);
    expect((await db.tables()).filter((name) => !name.startsWith('schema'))).toEqual(['one']);
  });

  it('F15 an emptied or dropped ledger is a conflict, never a second run; baseline is the way out', async () => {
    const db = await database(kind);
    const { json, follow } = shop(tables, { main: db });
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    for (const spoil of ['delete from schema_migrations', 'drop table schema_migrations']) {
      await db.query(spoil);
      const up = await json('migrate', 'up');
      const { code, hint } = up.shards[0].error;
      expect([up.exitCode, code, up.shards[0].steps]).toEqual([6, 'history_lost', []]);
      expect((await json('migrate', 'verify')).exitCode).toBe(6);
      const status = await json('migrate', 'status', '--exit-code');
      expect([status.exitCode, status.shards[0].warnings, status.summary.conflicts]).toEqual([
        6,
        ['the ledger is empty, but its log says that 3 migrations, up to 3, were applied'],
        1,
      ]);
      const marked = await follow(hint);
      expect([marked.exitCode, marked.shards[0].changes.length]).toEqual([0, 3]);
      const after = await json('migrate', 'up');
      expect([after.exitCode, after.shards[0].outcome]).toEqual([0, 'up-to-date']);
    }
  });

  it('F15 what came down comes up again, and a database with tables of its own takes its first run', async () => {
    const db = await database(kind);
    await db.query('create table older (id integer)');
    const { json } = shop(tables, { main: db });
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    expect((await json('migrate', 'down', '--all')).exitCode).toBe(0);
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].outcome, up.shards[0].steps.length]).toEqual([0, 'applied', 3]);
  });

  it('the way out of every refusal works as it is written', async () => {
    const db = await database(kind);
    const { write, path, json, follow } = shop(tables, { main: db });
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    const refused = async (command: string, code: string) => {
      const result = await json('migrate', command);
      expect([result.exitCode === 0, result.shards[0].error.code]).toEqual([false, code]);
      return result.shards[0].error.hint as string;
    };

    write('migrations/1_one.sql', tables['migrations/1_one.sql'].replace('integer', 'bigint'));
    expect((await follow(await refused('up', 'history_changed'))).exitCode).toBe(0);
    expect((await json('migrate', 'up')).exitCode).toBe(0);

    rmSync(join(path, 'migrations/2_two.sql'));
    expect((await follow(await refused('up', 'history_missing'))).exitCode).toBe(0);
    expect((await json('migrate', 'up')).exitCode).toBe(0);

    write('migrations/2_again.sql', 'create table again (id integer);');
    expect((await follow(await refused('up', 'history_out_of_order'))).exitCode).toBe(0);
    expect((await json('migrate', 'verify')).exitCode).toBe(0);
  });
});

/** A row of the ledger as a runner leaves it that dies while its statement is under way. */
async function dieInFlight(db: TestDatabase, version: string, direction: 'up' | 'down', index: number) {
  const [row] = await db.query(`select progress from schema_migrations where version = '${version}'`);
  const journal = {
    direction,
    total: 2,
    done: index,
    prefix: null,
    ...JSON.parse(row?.progress ?? '{}'),
    inFlight: { index, words: 'CALL', repeatable: false },
  };
  await db.query(
    `update schema_migrations set status = 'running', progress = '${JSON.stringify(journal)}' where version = '${version}'`,
  );
}

describe('an unfinished step on one shard of two', () => {
  const twoStatements =
    '-- migrate:up\ncreate table t (id integer);\ncall fill_t();\n-- migrate:down\ncall empty_t();\ndrop table t;\n';

  async function stuck() {
    const main = await database('mariadb');
    const other = await database('mariadb');
    for (const name of ['fill_t', 'empty_t'])
      await other.query(`create procedure ${name}() begin select 1 into @x; end`);
    const place = shop({ ...tables, 'migrations/4_four.sql': twoStatements }, { main, other });
    const up = await place.json('migrate', 'up');
    expect([up.exitCode, up.shards.map((shard: any) => shard.outcome)]).toEqual([4, ['failed', 'applied']]);
    await main.query('create procedure fill_t() begin insert into t values (1); end');
    return { main, other, ...place };
  }

  it('--resume sends the statement that did not take effect, and touches no other shard', async () => {
    const { main, json, follow } = await stuck();
    await dieInFlight(main, '4', 'up', 1);
    const { shards, exitCode } = await json('migrate', 'up');
    expect([exitCode, shards[0].error.code, shards[1].error]).toEqual([11, 'unfinished', undefined]);
    expect(shards[0].error.hint).toContain('dbpat migrate repair --resume 4 --shard main --reason TEXT');
    const repaired = await follow(shards[0].error.hint);
    expect(repaired.shards).toEqual([
      {
        shard: 'main',
        changes: [
          {
            version: '4',
            description: 'four',
            phase: 'up',
            change: 'resumed',
            what: '4 four: its up goes on at statement 2',
          },
        ],
      },
    ]);
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    expect(await main.query('select id from t')).toEqual([{ id: 1 }]);
    const log = await json('migrate', 'log', '--shard', 'main');
    expect(log.lines.slice(-3).map((line: any) => [line.event, line.detail.reason])).toEqual([
      ['repair', 'TEXT'],
      ['resume', undefined],
      ['apply', undefined],
    ]);
  });

  it('--applied and --reverted take one word for the whole fleet only where each shard needs it', async () => {
    const { main, json } = await stuck();
    await dieInFlight(main, '4', 'up', 1);
    const everywhere = await json('migrate', 'repair', '--reverted', '4', '--reason', 'by hand');
    expect([everywhere.exitCode, everywhere.error]).toEqual([
      12,
      {
        code: 'refused',
        message: 'other: 4 four is applied there, and would run again; nothing was changed on any shard',
        hint: "dbpat migrate repair --reverted 4 --shard main --reason 'by hand'",
        shard: 'other',
      },
    ]);
    const applied = await json('migrate', 'repair', '--applied', '4', '--reason', 'by hand', '--dry-run');
    expect(applied.shards.map((shard: any) => shard.changes.length)).toEqual([1, 0]);
    expect((await json('migrate', 'status', '--exit-code')).exitCode).toBe(11);
    expect((await json('migrate', 'repair', '--applied', '4:up', '--reason', 'x')).exitCode).toBe(0);
    expect((await json('migrate', 'status', '--exit-code')).exitCode).toBe(0);
  });

  it('a down that was under way is finished by the command that up names, on that shard alone', async () => {
    const { main, other, json, follow } = await stuck();
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    await json('migrate', 'down', '--shard', 'main');
    await main.query('create procedure empty_t() begin delete from t; end');
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code, up.shards[0].error.hint]).toEqual([
      11,
      'unfinished',
      'dbpat migrate down --shard main',
    ]);
    const down = await follow(up.shards[0].error.hint);
    expect([down.exitCode, down.shards.length, down.shards[0].steps[0].version]).toEqual([0, 1, '4']);
    expect([await main.tables(), await other.tables()].map((names) => names.includes('t'))).toEqual([
      false,
      true,
    ]);
  });

  it('down is refused while an up is unfinished, and says how to finish it', async () => {
    const { main, json, follow } = await stuck();
    const down = await json('migrate', 'down', '--shard', 'main');
    expect([down.exitCode, down.shards[0].error.code]).toEqual([11, 'unfinished']);
    const up = await follow(down.shards[0].error.hint);
    expect([up.exitCode, up.shards.length, up.shards[0].outcome]).toEqual([0, 1, 'applied']);
    expect(await main.query('select id from t')).toEqual([{ id: 1 }]);
  });

  it('a module that stopped half-way comes out by the command of its refusal', async () => {
    const { main, write, json, follow } = await stuck();
    write(
      'migrations/5_five.ts',
      `export async function up(db) { await db.schema.createTable('half').addColumn('c' + Date.now(), 'integer').execute(); throw new Error('no'); }`,
    );
    expect((await json('migrate', 'up', '--shard', 'main')).exitCode).toBe(3);
    const up = await json('migrate', 'up', '--shard', 'main');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([11, 'unfinished']);
    await main.query('drop table half');
    expect((await follow(up.shards[0].error.hint)).exitCode).toBe(0);
    write('migrations/5_five.ts', 'export async function up() {}');
    expect((await json('migrate', 'up')).exitCode).toBe(0);
  });

  it('baseline refuses what is unfinished, and its way out works', async () => {
    const { json, follow } = await stuck();
    const refused = await json('migrate', 'baseline', '4', '--shard', 'main');
    expect([refused.exitCode, refused.shards[0].error.code, refused.shards[0].changes]).toEqual([
      11,
      'unfinished',
      [],
    ]);
    expect((await follow(refused.shards[0].error.hint)).exitCode).toBe(0);
    expect((await json('migrate', 'baseline', '4')).exitCode).toBe(0);
  });
});

it('protected shards ask before their record is changed, and a preview asks nobody', async () => {
  const db = await database('postgres15');
  const { json, write } = shop(tables, { main: db });
  write('dbpat.config.json', JSON.stringify({ shards: [{ name: 'main', url: db.url, protected: true }] }));
  const refused = await json('migrate', 'baseline', '3');
  expect([refused.exitCode, refused.error.code, refused.error.hint]).toEqual([
    12,
    'protected',
    'the same command with --yes',
  ]);
  expect(await db.tables()).toEqual([]);
  expect((await json('migrate', 'baseline', '3', '--dry-run')).exitCode).toBe(0);
  expect((await json('migrate', 'baseline', '3', '--yes')).exitCode).toBe(0);
  expect((await json('migrate', 'repair', '--reverted', '3', '--reason', 'x')).exitCode).toBe(12);
  expect((await json('migrate', 'repair', '--reverted', '3', '--reason', 'x', '--yes')).exitCode).toBe(0);
});

it.each(['postgres15', 'mariadb'] as const)(
  'a baseline larger than one message is one transaction on %s',
  async (kind) => {
    const db = await database(kind);
    const files = Object.fromEntries(
      [1, 2, 3].map((version) => [
        `migrations/${version}_big.sql`,
        `-- ${'x'.repeat(300_000)}\n-- migrate:up\ncreate table t${version} (id integer);\n`,
      ]),
    );
    const { json } = shop(files, { main: db });
    const marked = await json('migrate', 'baseline', '3');
    expect([marked.exitCode, marked.shards[0].changes.length]).toEqual([0, 3]);
    expect(await db.query('select version from schema_migrations order by 1')).toEqual([
      { version: '1' },
      { version: '2' },
      { version: '3' },
    ]);
  },
);

it('a fleet is baselined as a whole, unless a shard has a history of its own', async () => {
  const [fresh, used] = [await database('sqlite'), await database('sqlite')];
  await fresh.query('create table one (id integer)');
  const { json, follow } = shop(tables, { fresh, used });
  expect((await json('migrate', 'up', '--to', '1', '--shard', 'used')).exitCode).toBe(0);
  const refused = await json('migrate', 'baseline', '2');
  expect([refused.exitCode, refused.error.message, refused.error.hint]).toEqual([
    12,
    'used: 2 two is pending there, and would never run; nothing was changed on any shard',
    'dbpat migrate baseline 2 --shard fresh',
  ]);
  const marked = await follow(refused.error.hint);
  expect([marked.exitCode, marked.shards[0].changes.length]).toEqual([0, 2]);
});
