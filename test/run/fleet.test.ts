import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { project, type TestProject } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const open: { shop?: TestProject; databases: TestDatabase[] } = { databases: [] };
afterEach(async () => {
  for (const db of open.databases.splice(0)) await db.drop();
  open.shop?.remove();
});

function fleet(config: object, migrations: Record<string, string>): (...args: string[]) => Promise<any> {
  const files = Object.entries(migrations).map(([name, text]) => [`migrations/${name}`, text]);
  const shop = project({
    'package.json': '{ "type": "module" }',
    'dbpat.config.json': JSON.stringify(config),
    ...Object.fromEntries(files),
  });
  open.shop = shop;
  return async (...args) => {
    const result = await runCli([...args, '--json'], { cwd: shop.path });
    return { ...(result.json() as any), exitCode: result.exitCode };
  };
}

function outcomes(result: any): Record<string, string> {
  return Object.fromEntries(result.shards.map((shard: any) => [shard.shard, shard.outcome]));
}

const three = {
  shards: [
    { name: 'a', url: 'sqlite:a.db', group: 'eu' },
    { name: 'b', url: 'sqlite:b.db', group: 'eu' },
    { name: 'c', url: 'sqlite:c.db', group: 'us', labels: { tier: 'gold' } },
  ],
};

describe('a fleet', () => {
  it('runs the same migrations on PostgreSQL, MariaDB, MySQL and SQLite from one config', async () => {
    for (const kind of ['postgres15', 'postgres18', 'mariadb', 'mysql', 'sqlite'] as const)
      open.databases.push(await createDatabase(kind));
    const dbpat = fleet(
      { shards: open.databases.map((db) => ({ name: db.kind, url: db.url })) },
      {
        '1_users.sql':
          '-- migrate:up\ncreate table users (id integer primary key, name varchar(50));\n-- migrate:down\ndrop table users;\n',
        '2_index.postgres.sql':
          '-- migrate:up transaction:false\ncreate index concurrently users_name on users (name);\n-- migrate:down\ndrop index users_name;\n',
        '2_index.sql':
          '-- migrate:up\ncreate index users_name on users (name);\n-- migrate:down\ndrop index users_name;\n',
        '2_index.mysql.sql':
          '-- migrate:up\ncreate index users_name on users (name);\n-- migrate:down\ndrop index users_name on users;\n',
        '3_rows.ts':
          "export const up = (db) => db.insertInto('users').values([{ id: 1, name: 'a' }, { id: 2, name: null }]).execute();\nexport const down = (db) => db.deleteFrom('users').execute();\n",
      },
    );
    const up = await dbpat('migrate', 'up');
    expect([up.exitCode, outcomes(up)]).toEqual([
      0,
      {
        postgres15: 'applied',
        postgres18: 'applied',
        mariadb: 'applied',
        mysql: 'applied',
        sqlite: 'applied',
      },
    ]);
    expect((await dbpat('migrate', 'verify')).exitCode).toBe(0);
    for (const db of open.databases) {
      expect(await db.query('select id, name from users order by id')).toEqual([
        { id: 1, name: 'a' },
        { id: 2, name: null },
      ]);
    }
    expect((await dbpat('migrate', 'down', '--all')).exitCode).toBe(0);
    for (const db of open.databases) {
      expect(await db.tables()).toEqual([
        'schema_migrations',
        'schema_migrations_lock',
        'schema_migrations_log',
      ]);
    }
    const shards = await dbpat('shards');
    expect(shards.shards.map((shard: any) => [shard.reachable, shard.role])).toEqual(
      Array(5).fill([true, 'primary']),
    );
  });

  it('is split when one shard fails: exit 4, the run id, the command that resumes', async () => {
    const dbpat = fleet(three, {
      '1_t.sql': 'create table t (id integer primary key);',
      '2_row.sql': 'insert into t values (1);',
      '3_more.sql': 'create table more (id integer);',
    });
    expect((await dbpat('migrate', 'up', '--to', '1')).exitCode).toBe(0);
    const b = await import('better-sqlite3').then(
      ({ default: Database }) => new Database(join(open.shop!.path, 'b.db')),
    );
    b.exec('insert into t values (1)');
    const up = await dbpat('migrate', 'up');
    expect([up.exitCode, up.ok, outcomes(up)]).toEqual([
      4,
      false,
      { a: 'applied', b: 'failed', c: 'applied' },
    ]);
    expect(up.resume).toBe(`dbpat migrate up --resume ${up.runId}`);
    expect(up.shards[1].steps.map((step: any) => step.outcome)).toEqual(['failed', 'not-run']);
    b.exec('delete from t');
    b.close();
    const again = await dbpat('migrate', 'up', '--resume', up.runId);
    expect([again.exitCode, again.runId, outcomes(again)]).toEqual([
      0,
      up.runId,
      { a: 'up-to-date', b: 'applied', c: 'up-to-date' },
    ]);
    const log = await dbpat('migrate', 'log', '--run', up.runId);
    expect(log.lines.filter((line: any) => line.event === 'apply').length).toBe(6);
  });

  it('fails with 3 when no shard that had work finished it', async () => {
    const dbpat = fleet(three, { '1_t.sql': 'create table t (id nonsense, id nonsense);' });
    const up = await dbpat('migrate', 'up');
    expect([up.exitCode, outcomes(up)]).toEqual([3, { a: 'failed', b: 'failed', c: 'failed' }]);
  });

  it('takes the selected shards only', async () => {
    const dbpat = fleet(three, { '1_t.sql': 'create table t (id integer);' });
    expect(outcomes(await dbpat('migrate', 'up', '--shard', 'c'))).toEqual({ c: 'applied' });
    expect(outcomes(await dbpat('migrate', 'up', '--shard', 'group:eu'))).toEqual({
      a: 'applied',
      b: 'applied',
    });
    expect((await dbpat('migrate', 'up', '--shard', 'nope')).exitCode).toBe(2);
  });

  it('names the shards that differ', async () => {
    const dbpat = fleet(three, {
      '1_t.sql': 'create table t (id integer);',
      '2_u.sql': 'create table u (id integer);',
    });
    await dbpat('migrate', 'up', '--to', '1');
    await dbpat('migrate', 'up', '--shard', 'a', '--shard', 'b');
    const verify = await dbpat('migrate', 'verify');
    expect([verify.exitCode, verify.differences]).toEqual([
      6,
      [{ version: '2', message: '2 u: not applied there', shards: ['c'] }],
    ]);
    const status = await dbpat('migrate', 'status');
    expect([status.exitCode, status.summary]).toEqual([
      0,
      { shards: 3, upToDate: 2, behind: 1, conflicts: 0, unreachable: 0 },
    ]);
  });

  it('does not hide the others when one cannot be reached', async () => {
    const shards = [three.shards[0]!, { name: 'gone', url: 'postgres://nobody@127.0.0.1:9/none' }];
    const dbpat = fleet(
      { shards, timeouts: { connect: '2s' } },
      { '1_t.sql': 'create table t (id integer);' },
    );
    const up = await dbpat('migrate', 'up');
    expect([up.exitCode, outcomes(up)]).toEqual([4, { a: 'applied', gone: 'unreachable' }]);
    const again = await dbpat('migrate', 'up');
    expect([again.exitCode, outcomes(again)]).toEqual([8, { a: 'up-to-date', gone: 'unreachable' }]);
    expect((await dbpat('migrate', 'status')).shards.map((shard: any) => shard.reachable)).toEqual([
      true,
      false,
    ]);
  });

  it('stops everything before anything ran when a file is wrong', async () => {
    const dbpat = fleet(three, {
      '1_t.sql': 'create table t (id integer);',
      '2_bad.sql': "insert into t values ('open",
    });
    const up = await dbpat('migrate', 'up');
    expect([up.exitCode, up.error.code, up.error.file, up.error.line]).toEqual([
      2,
      'sql_invalid',
      'migrations/2_bad.sql',
      1,
    ]);
    expect(existsSync(join(open.shop!.path, 'a.db'))).toBe(false);
  });

  it('asks for consent before protected shards', async () => {
    const shards = [three.shards[0]!, { ...three.shards[1]!, protected: true }];
    const dbpat = fleet({ shards }, { '1_t.sql': 'create table t (id integer);' });
    const up = await dbpat('migrate', 'up');
    expect([up.exitCode, up.error.code]).toEqual([12, 'protected']);
    expect(existsSync(join(open.shop!.path, 'a.db'))).toBe(false);
    expect((await dbpat('migrate', 'up', '--yes')).exitCode).toBe(0);
  });

  it('refuses two shards that are one database, by what the servers say', async () => {
    const db = await createDatabase('postgres15');
    open.databases.push(db);
    const [row] = await db.query(
      "select current_setting('unix_socket_directories') as folder, current_setting('port') as port",
    );
    const { pathname } = new URL(db.url);
    const shards = [
      { name: 'one', url: db.url },
      { name: 'two', url: `postgres://app@${pathname}?host=${row.folder}&port=${row.port}` },
    ];
    const dbpat = fleet({ shards }, { '1_t.sql': 'create table t (id integer);' });
    const up = await dbpat('migrate', 'up');
    expect([up.exitCode, up.error.code]).toEqual([2, 'shards_duplicate']);
    expect(await db.tables()).toEqual([]);
  });

  it('puts one schema per tenant on one database', async () => {
    const db = await createDatabase('postgres18');
    open.databases.push(db);
    await db.query('create schema t1');
    await db.query('create schema t2');
    const shards = ['t1', 't2'].map((schema) => ({ name: schema, url: db.url, schema }));
    const dbpat = fleet(
      { shards },
      { '1_t.sql': '-- migrate:up\ncreate table t (id integer);\n-- migrate:down\ndrop table t;\n' },
    );
    expect((await dbpat('migrate', 'up')).exitCode).toBe(0);
    expect(await db.query("select schemaname from pg_tables where tablename = 't' order by 1")).toEqual([
      { schemaname: 't1' },
      { schemaname: 't2' },
    ]);
    expect((await dbpat('migrate', 'down')).exitCode).toBe(0);
  });

  it('runs a sealed plan exactly, or not at all', async () => {
    const dbpat = fleet(three, { '1_t.sql': 'create table t (id integer);' });
    expect((await dbpat('migrate', 'plan', '--out', 'plan.json')).exitCode).toBe(0);
    writeFileSync(join(open.shop!.path, 'migrations/2_u.sql'), 'create table u (id integer);');
    const up = await dbpat('migrate', 'up', '--plan', 'plan.json');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([6, 'plan_changed']);
    expect((await dbpat('migrate', 'plan', '--out', 'plan.json', '--exit-code')).exitCode).toBe(5);
    expect((await dbpat('migrate', 'up', '--plan', 'plan.json')).exitCode).toBe(0);
  });

  it('calls the hooks, and stops where one says no', async () => {
    fleet({}, { '1_t.sql': 'create table t (id integer);', '2_u.sql': 'create table u (id integer);' });
    const path = open.shop!.path;
    writeFileSync(
      join(path, 'hooks.config.mjs'),
      `import { appendFileSync } from 'node:fs';
const note = (name) => (facts) => appendFileSync('notes', name + (facts.version ? ' ' + facts.version : '') + '\\n');
export default {
  shards: [{ name: 'a', url: 'sqlite:a.db' }],
  hooks: {
    beforeRun: note('beforeRun'), afterRun: note('afterRun'), afterStep: note('afterStep'),
    beforeStep: (facts) => { if (facts.version === '2') throw new Error('not today'); },
  },
};\n`,
    );
    const result = await runCli(['migrate', 'up', '--json', '--config', 'hooks.config.mjs'], { cwd: path });
    const up = result.json() as any;
    expect([result.exitCode, up.shards[0].steps.map((step: any) => step.outcome)]).toEqual([
      12,
      ['done', 'failed'],
    ]);
    expect(up.shards[0].error.message).toContain('not today');
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(join(path, 'notes'), 'utf8')).toBe('beforeRun\nafterStep 1\nafterRun\n');
  });
});
