import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createDatabase, type Kind, products, type TestDatabase } from '../support/databases.js';
import { project, type TestProject } from '../support/project.js';
import { runCli } from '../support/run-cli.js';
import { canary } from '../support/servers.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function place(kind: Kind, files: Record<string, string>, config: object = {}) {
  const db = await createDatabase(kind);
  open.push(() => db.drop());
  return { db, ...at(db, files, config) };
}

function at(db: Pick<TestDatabase, 'url'>, files: Record<string, string>, config: object = {}) {
  const shop: TestProject = project({
    'package.json': '{ "type": "module" }',
    'dbpat.config.json': JSON.stringify({ shards: [{ name: 'main', url: db.url }], ...config }),
    'migrations/_keep': '',
    ...files,
  });
  open.push(() => shop.remove());
  const json = async (...args: string[]): Promise<any> => {
    const result = await runCli([...args, '--json'], { cwd: shop.path });
    return { ...(result.json() as any), exitCode: result.exitCode, stderr: result.stderr };
  };
  return { shop, json };
}

describe.each(products)('on %s', (kind) => {
  it('F106 a transaction of a module’s own is a savepoint, or its own where DDL commits', async () => {
    const { db, json } = await place(kind, {
      'migrations/1_t.sql': 'create table t (id integer primary key);',
      'migrations/2_nested.ts': `export async function up(db) {
        await db.insertInto('t').values({ id: 1 }).execute();
        await db.transaction().execute(async (trx) => {
          await trx.insertInto('t').values({ id: 2 }).execute();
          throw new Error('undone');
        }).catch(() => {});
        await db.transaction().execute((trx) => trx.insertInto('t').values({ id: 3 }).execute());
      }`,
    });
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error]).toEqual([0, undefined]);
    expect(await db.query('select id from t order by id')).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it('F114 names and texts outside ASCII come back as they went', async () => {
    const text = 'naïve 日本語 🦊 \\ \' "';
    const mysql = kind === 'mariadb' || kind === 'mysql';
    const quoted = mysql ? '`naïve_täble`' : '"naïve_täble"';
    const literal = mysql ? text.replaceAll('\\', '\\\\') : text;
    const { db, json } = await place(kind, {
      'migrations/1_t.sql': `create table ${quoted} (t varchar(100)${mysql ? ' character set utf8mb4' : ''});\ninsert into ${quoted} values ('${literal.replaceAll("'", "''")}');`,
    });
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    expect(await db.query(`select t from ${quoted}`)).toEqual([{ t: text }]);
  });

  it('F134 the longest file name is recorded whole', async () => {
    const name = `${'9'.repeat(40)}_${'n'.repeat(200)}.sql`;
    const { db, json } = await place(kind, { [`migrations/${name}`]: 'create table t (id integer);' });
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error]).toEqual([0, undefined]);
    expect(await db.query('select version, description from schema_migrations')).toEqual([
      { version: '9'.repeat(40), description: 'n'.repeat(200) },
    ]);
  });

  it('F103 a file that looks renamed is named', async () => {
    const { shop, json } = await place(kind, { 'migrations/1_t.sql': 'create table t (id integer);' });
    await json('migrate', 'up');
    renameSync(join(shop.path, 'migrations/1_t.sql'), join(shop.path, 'migrations/2_t.sql'));
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([6, 'history_missing']);
    expect(up.shards[0].error.message).toContain('migrations/2_t.sql has the same text');
    renameSync(join(shop.path, 'migrations/2_t.sql'), join(shop.path, 'migrations/1_other_words.sql'));
    expect((await json('migrate', 'up')).exitCode).toBe(0);
  });

  it('F161 a deleted module does not come down from the text in the ledger', async () => {
    const { shop, db, json } = await place(kind, {
      'migrations/1_t.ts': `export async function up(db) { await db.schema.createTable('t').addColumn('id', 'integer').execute(); }
/*
-- migrate:down
drop table t;
*/
export async function down(db) { await db.schema.dropTable('t').execute(); }`,
    });
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    renameSync(join(shop.path, 'migrations/1_t.ts'), join(shop.path, 'away.ts'));
    const down = await json('migrate', 'down');
    expect([down.exitCode, down.error.code]).toEqual([12, 'irreversible']);
    expect(await db.tables()).toContain('t');
  });

  it('F154 F164 no password in the output, the plan, the events, the ledger or the log', async () => {
    const { shop, db, json } = await place(kind, {
      'migrations/1_t.sql': 'create table t (id integer);',
      'migrations/2_bad.sql': 'create table u (id integer, id integer);',
    });
    await json('migrate', 'plan', '--out', 'plan.json');
    await json('migrate', 'up', '--verbose', '--events', 'events.ndjson');
    await json('migrate', 'status');
    await json('shards');
    for (const name of readdirSync(shop.path)) {
      if (name.endsWith('.json') && name !== 'dbpat.config.json')
        expect(readFileSync(join(shop.path, name), 'utf8')).not.toContain(canary);
      if (name.endsWith('.ndjson')) expect(readFileSync(join(shop.path, name), 'utf8')).not.toContain(canary);
    }
    for (const table of ['schema_migrations', 'schema_migrations_log', 'schema_migrations_lock']) {
      expect(
        JSON.stringify(await db.query(`select * from ${table}`), (_k, v) =>
          typeof v === 'bigint' ? String(v) : v,
        ),
      ).not.toContain(canary);
    }
  });
});

it('F107 leftover timers do not keep the process', async () => {
  const { json } = await place('sqlite', {
    'migrations/1_t.ts': 'export async function up() { setInterval(() => {}, 1000); }',
  });
  const started = Date.now();
  expect((await json('migrate', 'up')).exitCode).toBe(0);
  expect(Date.now() - started).toBeLessThan(30_000);
});

it('F108 a migration’s change of folder and environment is put back, with a warning', async () => {
  const { shop } = await place('sqlite', {
    'migrations/1_t.ts': "export async function up() { process.chdir('/'); process.env.DBPAT_TEST = 'x'; }",
    'migrations/2_t.ts':
      "export async function up() { if (process.cwd() === '/' || process.env.DBPAT_TEST) throw new Error('leaked'); }",
  });
  const up = await runCli(['migrate', 'up'], { cwd: shop.path });
  expect(up.exitCode).toBe(0);
  expect(up.stderr).toContain('DBPAT_TEST');
});

it('F109 the tool’s version is recorded with each row', async () => {
  const { db, json } = await place('sqlite', { 'migrations/1_t.sql': 'create table t (id integer);' });
  await json('migrate', 'up');
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(await db.query('select tool_version from schema_migrations')).toEqual([{ tool_version: version }]);
});

it('a query after the end of the migration is refused and does not crash the run', async () => {
  const { db, json } = await place('sqlite', {
    'migrations/1_t.ts': `export async function up(db) {
      setTimeout(() => { db.schema.createTable('late').addColumn('id', 'integer').execute(); }, 1);
    }`,
    'migrations/2_u.ts': 'export const up = () => new Promise((resolve) => setTimeout(resolve, 100));',
  });
  const up = await json('migrate', 'up');
  expect(up.shards[0].steps.map((step: any) => step.outcome)).toEqual(['done', 'done']);
  expect(await db.tables()).not.toContain('late');
});

describe.each(['postgres15', 'postgres18'] as const)('on %s', (kind) => {
  it('F127 a search_path without a schema that exists is refused', async () => {
    const { db, json } = await place(kind, { 'migrations/1_t.sql': 'create table t (id integer);' });
    await db.query(`alter database ${new URL(db.url).pathname.slice(1)} set search_path = nowhere`);
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.error.code]).toEqual([2, 'config_invalid']);
    expect(up.error.message).toContain('search_path');
  });

  it('F129 a role that may not create is told so', async () => {
    const db = await createDatabase(kind);
    open.push(() => db.drop());
    const role = `low_${new URL(db.url).pathname.slice(1)}`;
    await db.query(`create role ${role} login`);
    open.push(() => db.query(`drop role ${role}`));
    await db.query('revoke create on schema public from public');
    const { json } = at(
      { url: db.url.replace('app:', `${role}:`) },
      { 'migrations/1_t.sql': 'create table t (id integer);' },
    );
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code, up.shards[0].error.dbCode]).toEqual([
      8,
      'not_allowed',
      '42501',
    ]);
    expect(await db.tables()).toEqual([]);
  });

  it('F133 times are the database’s, in UTC, whatever the session’s zone is', async () => {
    const { db, json } = await place(
      kind,
      {
        'migrations/1_t.sql':
          "set timezone = 'Asia/Kathmandu';\nset datestyle = 'German';\ncreate table t (id integer);",
      },
      { onConnect: ["set timezone = 'Australia/Lord_Howe'"] },
    );
    await json('migrate', 'up');
    const status = await json('migrate', 'status');
    const [row] = await db.query('select applied_at from schema_migrations');
    expect(status.shards[0].migrations[0].phases[0].appliedAt).toBe(row.applied_at.toISOString());
  });
});

it('a migration that never settles is an error, not a silent end', async () => {
  const { shop, db, json } = await place('sqlite', {
    'migrations/1_t.ts':
      "export async function up(db) { await db.schema.createTable('t').addColumn('id', 'integer').execute(); await new Promise(() => {}); }",
  });
  const up = await runCli(['migrate', 'up'], { cwd: shop.path });
  expect(up.exitCode).toBe(3);
  expect(up.stderr).toContain('nothing will settle');
  expect(await db.tables()).not.toContain('t');
  expect((await json('migrate', 'status')).shards[0].pending).toBe(1);
});
