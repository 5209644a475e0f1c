import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { project, type TestProject } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const broken = `-- migrate:up
create table a (id integer primary key);
insert into a values (1);
insert into a values (2);
create table b (
  id integer,
  id integer
);
create table c (id integer);
-- migrate:down
drop table a;
drop table b;
drop table c;
`;
const fixed = broken.replace('  id integer\n);', '  fixed integer\n);');

interface Place {
  db: TestDatabase;
  shop: TestProject;
  json(...args: string[]): Promise<any>;
  write(name: string, text: string): void;
}

async function place(kind: Parameters<typeof createDatabase>[0], config: object = {}): Promise<Place> {
  const db = await createDatabase(kind);
  const shop = project({
    'package.json': '{ "type": "module" }',
    'dbpat.config.json': JSON.stringify({ shards: [{ name: 'main', url: db.url }], ...config }),
    'migrations/_keep': '',
  });
  return {
    db,
    shop,
    json: async (...args) => {
      const result = await runCli([...args, '--json'], { cwd: shop.path });
      return { exitCode: result.exitCode, ...(result.json() as any) };
    },
    write: (name, text) => writeFileSync(join(shop.path, 'migrations', name), text),
  };
}

describe.each(['sqlite', 'postgres15', 'postgres18'] as const)('a failing statement on %s', (kind) => {
  let here: Place;
  beforeAll(async () => {
    here = await place(kind);
  });
  afterAll(async () => {
    here.shop.remove();
    await here.db.drop();
  });

  it('F113 leaves nothing, names the place, and goes on when it is fixed', async () => {
    here.write('1_ok.sql', 'create table ok (id integer);');
    here.write('2_broken.sql', broken);
    here.write(
      '3_later.sql',
      '-- migrate:up\ncreate table later (id integer);\n-- migrate:down\ndrop table later;\n',
    );
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.shards[0].outcome]).toEqual([3, 'failed']);
    expect(up.shards[0].steps.map((step: any) => step.outcome)).toEqual(['done', 'failed', 'not-run']);
    const { error } = up.shards[0];
    expect([error.code, error.version, error.file]).toEqual([
      'migration_failed',
      '2',
      'migrations/2_broken.sql',
    ]);
    expect(error.line).toBeGreaterThanOrEqual(5);
    expect(error.line).toBeLessThanOrEqual(8);
    expect(error.hint).toContain('dbpat migrate up');
    const tables = await here.db.tables();
    expect([tables.includes('ok'), tables.includes('a'), tables.includes('later')]).toEqual([
      true,
      false,
      false,
    ]);
    here.write('2_broken.sql', fixed);
    expect((await here.json('migrate', 'up')).exitCode).toBe(0);
    expect((await here.json('migrate', 'down', '--to', '1')).exitCode).toBe(0);
    const log = await here.json('migrate', 'log');
    expect(log.lines.map((line: any) => line.event)).toEqual([
      'apply',
      'fail',
      'apply',
      'apply',
      'revert',
      'revert',
    ]);
  });

  it('rolls a module back, and names the file', async () => {
    here.write(
      '4_module.ts',
      `export async function up(db) { await db.schema.createTable('half').addColumn('id', 'integer').execute(); throw new Error('on purpose'); }\nexport async function down() {}\n`,
    );
    const up = await here.json('migrate', 'up', '--to', '4');
    expect([up.exitCode, up.shards[0].steps.at(-1).outcome]).toEqual([3, 'failed']);
    expect(up.shards[0].error.message).toContain('on purpose');
    expect(up.shards[0].error.file).toBe('migrations/4_module.ts');
    expect(await here.db.tables()).not.toContain('half');
  });

  it('F104 refuses a query that was not awaited', async () => {
    here.write(
      '4_module.ts',
      `export async function up(db) { void db.schema.createTable('floating').addColumn('id', 'integer').execute().catch(() => {}); }\nexport async function down() {}\n`,
    );
    const up = await here.json('migrate', 'up', '--to', '4');
    expect(up.exitCode).toBe(3);
    expect(up.shards[0].error.message).toContain('not awaited');
    expect(await here.db.tables()).not.toContain('floating');
  });

  it('F69 refuses a file that ends its transaction itself, before anything ran', async () => {
    here.write('4_module.ts', 'export async function up() {}\nexport async function down() {}\n');
    here.write('5_commit.sql', 'create table early (id integer);\ncommit;\n');
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.error.code, up.error.line]).toEqual([2, 'sql_invalid', 2]);
    expect(await here.db.tables()).not.toContain('early');
    here.write('5_commit.sql', 'create table early (id integer);\n');
  });

  it('F69 stops a module that commits', async () => {
    here.write(
      '6_commits.ts',
      `import { sql } from 'kysely';\nexport async function up(db) { await sql\`create table committed (id integer)\`.execute(db); await sql\`commit\`.execute(db); }\nexport async function down() {}\n`,
    );
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([3, 'migration_failed']);
    expect(up.shards[0].error.message).toContain('COMMIT: dbpat opens and ends the transaction');
    const status = await here.json('migrate', 'status');
    expect(status.shards[0].migrations.at(-1).state).toBe('pending');
    expect(await here.db.tables()).not.toContain('committed');
  });
});

describe.each(['mariadb', 'mysql'] as const)('a failing statement on %s', (kind) => {
  let here: Place;
  beforeAll(async () => {
    here = await place(kind);
  });
  afterAll(async () => {
    here.shop.remove();
    await here.db.drop();
  });

  it('F73 F76 keeps what took effect and resumes at that statement after the file is fixed', async () => {
    here.write('1_broken.sql', broken);
    here.write('2_later.sql', 'create table later (id integer);');
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.shards[0].steps.map((step: any) => step.outcome)]).toEqual([
      3,
      ['failed', 'not-run'],
    ]);
    expect([up.shards[0].error.file, up.shards[0].error.statement]).toEqual([
      'migrations/1_broken.sql',
      'create table b ( id integer, id integer )',
    ]);
    expect(up.shards[0].error.message).toContain('statements 1 to 3 of 5 took effect');
    const status = await here.json('migrate', 'status');
    expect([
      status.shards[0].migrations[0].state,
      status.shards[0].migrations[0].phases[0].progress.done,
    ]).toEqual(['failed', 3]);

    here.write('1_broken.sql', fixed.replace('values (1)', 'values (7)'));
    const changed = await here.json('migrate', 'up');
    expect([changed.exitCode, changed.shards[0].error.code]).toEqual([6, 'history_changed']);

    here.write('1_broken.sql', fixed);
    const again = await here.json('migrate', 'up');
    expect([again.exitCode, again.shards[0].steps.map((step: any) => step.outcome)]).toEqual([
      0,
      ['done', 'done'],
    ]);
    expect(await here.db.query('select id from a order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    const log = await here.json('migrate', 'log');
    expect(log.lines.map((line: any) => line.event)).toEqual(['fail', 'resume', 'apply', 'apply']);
    expect((await here.json('migrate', 'verify')).exitCode).toBe(0);
  });

  it('F78 rows that share a transaction are written once or not at all', async () => {
    here.write(
      '3_rows.sql',
      'insert into a values (10);\ninsert into a values (11);\ninsert into a values (10);\n',
    );
    expect((await here.json('migrate', 'up')).exitCode).toBe(3);
    expect(await here.db.query('select id from a where id >= 10')).toEqual([]);
    here.write(
      '3_rows.sql',
      'insert into a values (10);\ninsert into a values (11);\ninsert into a values (12);\n',
    );
    expect((await here.json('migrate', 'up')).exitCode).toBe(0);
    expect(await here.db.query('select id from a where id >= 10 order by id')).toEqual([
      { id: 10 },
      { id: 11 },
      { id: 12 },
    ]);
  });

  it('F77 makes session settings again on resume, and takes them back afterwards', async () => {
    here.write(
      '4_session.sql',
      'set sql_mode = \'ANSI_QUOTES,STRICT_ALL_TABLES\';\ncreate table "d" (id integer);\ncreate table d (id integer);\n',
    );
    expect((await here.json('migrate', 'up')).exitCode).toBe(3);
    here.write(
      '4_session.sql',
      'set sql_mode = \'ANSI_QUOTES,STRICT_ALL_TABLES\';\ncreate table "d" (id integer);\ncreate table "e" (id integer);\n',
    );
    here.write('5_plain.sql', 'create table f (name varchar(10) default "text");\n');
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error]).toEqual([0, undefined]);
  });

  it('a module that stopped half-way asks for a decision', async () => {
    here.write(
      '6_module.ts',
      `export async function up(db) { await db.schema.createTable('half').addColumn('c' + Date.now(), 'integer').execute(); throw new Error('on purpose'); }\nexport async function down() {}\n`,
    );
    expect((await here.json('migrate', 'up')).exitCode).toBe(3);
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([11, 'unfinished']);
    await here.db.query('drop table half');
    expect(
      (await here.json('migrate', 'repair', '--reverted', '6', '--reason', 'undone by hand')).exitCode,
    ).toBe(0);
    here.write('6_module.ts', 'export async function up() {}\nexport async function down() {}\n');
    expect((await here.json('migrate', 'up')).exitCode).toBe(0);
  });
});

describe.each(['postgres15', 'postgres18'] as const)('outside a transaction on %s', (kind) => {
  let here: Place;
  beforeAll(async () => {
    here = await place(kind, { timeouts: { ddlLock: '200ms' }, retry: { ddlLock: '1s' } });
  });
  afterAll(async () => {
    here.shop.remove();
    await here.db.drop();
  });

  it('F68 F70 refuses a statement that cannot run in a transaction, with the line', async () => {
    here.write('1_t.sql', 'create table t (id integer, v integer);\ninsert into t values (1, 1), (2, 1);\n');
    here.write('2_index.sql', 'create table u (id integer);\n\n  create index concurrently t_v on t (v);\n');
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.error.code, up.error.file, up.error.line]).toEqual([
      2,
      'sql_invalid',
      'migrations/2_index.sql',
      3,
    ]);
    expect(up.error.hint).toContain('transaction:false');
    expect(await here.db.tables()).toEqual([]);
  });

  it('F63 a failed CREATE INDEX CONCURRENTLY leaves no invalid index, and resumes', async () => {
    here.write(
      '2_index.sql',
      '-- migrate:up transaction:false\ncreate table u (id integer);\ncreate unique index concurrently t_v on t (v);\n',
    );
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.dbCode]).toEqual([3, '23505']);
    expect(await here.db.query("select 1 as one from pg_class where relname = 't_v'")).toEqual([]);
    await here.db.query('update t set v = id');
    expect((await here.json('migrate', 'up')).exitCode).toBe(0);
    expect(await here.db.query("select indisvalid from pg_index where indexrelid = 't_v'::regclass")).toEqual(
      [{ indisvalid: true }],
    );
  });

  it('F67 refuses a new enum value that is used in the same transaction', async () => {
    here.write('3_enum.sql', "create type mood as enum ('sad');\ncreate table m (mood mood);\n");
    here.write('4_value.sql', "alter type mood add value 'glad';\ninsert into m values ('glad');\n");
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.error.line]).toEqual([2, 2]);
    here.write(
      '4_value.sql',
      "-- migrate:up transaction:false\nalter type mood add value 'glad';\ninsert into m values ('glad');\n",
    );
    expect((await here.json('migrate', 'up')).exitCode).toBe(0);
  });

  it('F128 what a file sets in its session is gone for the next one', async () => {
    await here.db.query('create schema elsewhere');
    here.write('5_path.sql', 'set search_path to elsewhere;\ncreate table inside (id integer);\n');
    here.write('6_path.sql', 'create table outside (id integer);\n');
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error]).toEqual([0, undefined]);
    expect(
      await here.db.query(
        "select schemaname, tablename from pg_tables where tablename in ('inside', 'outside') order by 2",
      ),
    ).toEqual([
      { schemaname: 'elsewhere', tablename: 'inside' },
      { schemaname: 'public', tablename: 'outside' },
    ]);
  });

  it('F57 gives up a lock that it does not get, and names who holds it', async () => {
    here.write('7_alter.sql', 'alter table t add column w integer;\n');
    const release = await here.db.hold('lock table t in access share mode');
    const up = await here.json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([3, 'migration_failed']);
    expect(up.shards[0].error.message).toMatch(/blocked by pid \d+/);
    await release();
    expect((await here.json('migrate', 'up')).exitCode).toBe(0);
  });

  it('F112 streams the data of COPY', async () => {
    here.write(
      '8_copy.sql',
      'copy t (id, v) from stdin;\n7\t8\n9\t\\N\n\\.\nupdate t set v = 70 where id = 7;\n',
    );
    expect((await here.json('migrate', 'up')).exitCode).toBe(0);
    expect(await here.db.query('select id, v from t where id > 6 order by id')).toEqual([
      { id: 7, v: 70 },
      { id: 9, v: null },
    ]);
  });
});
