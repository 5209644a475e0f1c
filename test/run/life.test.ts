import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, kinds, type TestDatabase } from '../support/databases.js';
import { project, type TestProject } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const users = `-- migrate:up
create table users (id integer primary key, name varchar(100) not null);
-- migrate:down
drop table users;
`;
const orders = `-- migrate:up
create table orders (id integer primary key, user_id integer not null references users (id));
create index orders_user on orders (user_id);
-- migrate:down
drop table orders;
`;
const seed = `import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<any>): Promise<void> {
  await db.insertInto('users').values({ id: 1, name: 'it''s "quoted" \\\\ ünï 🎉' }).execute();
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('users').values({ id: 2, name: 'two' }).execute();
  });
  const { rows } = await sql<{ n: number }>\`select count(*) as n from users\`.execute(db);
  if (Number(rows[0]?.n) !== 2) throw new Error('two users expected');
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.deleteFrom('users').execute();
}
`.replace("it''s", "it\\'s");

describe.each(kinds)('a life on %s', (kind) => {
  let db: TestDatabase;
  let shop: TestProject;
  const dbpat = (...args: string[]) => runCli(args, { cwd: shop.path });
  const json = async (...args: string[]) => {
    const result = await dbpat(...args, '--json');
    return { exitCode: result.exitCode, ...(result.json() as any) };
  };

  beforeAll(async () => {
    db = await createDatabase(kind);
    shop = project({
      'package.json': '{ "type": "module" }',
      'dbpat.config.json': JSON.stringify({
        shards: [{ name: 'main', url: db.url }],
        retry: { ddlLock: '2s' },
      }),
      'migrations/0001_users.sql': users,
      'migrations/0002_orders.sql': orders,
      'migrations/0003_seed.ts': seed,
    });
  });
  afterAll(async () => {
    shop.remove();
    await db.drop();
  });

  it('reads without writing', async () => {
    const before = await db.tables();
    const status = await json('migrate', 'status', '--exit-code');
    expect([status.exitCode, status.shards[0].pending]).toEqual([5, 3]);
    expect((await json('migrate', 'plan')).exitCode).toBe(0);
    expect((await dbpat('migrate', 'up', '--dry-run')).exitCode).toBe(0);
    expect((await json('migrate', 'verify')).exitCode).toBe(0);
    expect((await json('migrate', 'log')).lines).toEqual([]);
    expect(await db.tables()).toEqual(before);
  });

  it('goes up', async () => {
    const up = await json('migrate', 'up');
    expect(up.shards[0].error).toBeUndefined();
    expect(up.shards[0].steps.map((step: any) => [step.version, step.outcome])).toEqual([
      ['0001', 'done'],
      ['0002', 'done'],
      ['0003', 'done'],
    ]);
    expect(await db.tables()).toEqual([
      'orders',
      'schema_migrations',
      'schema_migrations_lock',
      'schema_migrations_log',
      'users',
    ]);
    expect((await db.query('select name from users order by id')).map((row) => row.name)).toEqual([
      'it\'s "quoted" \\ ünï 🎉',
      'two',
    ]);
  });

  it('has nothing to do then', async () => {
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].outcome, up.shards[0].steps]).toEqual([0, 'up-to-date', []]);
    const status = await json('migrate', 'status', '--exit-code');
    expect([status.exitCode, status.shards[0].applied, status.shards[0].current]).toEqual([0, 3, '0003']);
    const first = status.shards[0].migrations[0].phases[0];
    expect(first.appliedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Math.abs(Date.parse(first.appliedAt) - Date.now())).toBeLessThan(600_000);
  });

  it('F85 takes a CRLF checkout for the same', async () => {
    writeFileSync(join(shop.path, 'migrations/0001_users.sql'), users.replaceAll('\n', '\r\n'));
    expect((await json('migrate', 'verify')).exitCode).toBe(0);
    writeFileSync(join(shop.path, 'migrations/0001_users.sql'), users);
  });

  it('F87 refuses an edited migration with a diff, and accepts it when told', async () => {
    const file = join(shop.path, 'migrations/0001_users.sql');
    writeFileSync(file, users.replace('varchar(100)', 'varchar(99)'));
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].outcome, up.shards[0].error.code]).toEqual([
      6,
      'blocked',
      'history_changed',
    ]);
    expect(up.shards[0].error.diff).toContain(
      '-create table users (id integer primary key, name varchar(100) not null);',
    );
    expect(up.shards[0].error.diff).toContain(
      '+create table users (id integer primary key, name varchar(99) not null);',
    );
    expect((await json('migrate', 'verify')).exitCode).toBe(6);
    const repaired = await json('migrate', 'repair', '--accept', '1', '--reason', 'same on disk');
    expect([repaired.exitCode, repaired.shards[0].changes.length]).toEqual([0, 1]);
    expect((await json('migrate', 'verify')).exitCode).toBe(0);
    writeFileSync(file, users);
    await json('migrate', 'repair', '--accept', '0001', '--reason', 'back');
  });

  it('lets an edit of comments pass, with a warning', async () => {
    const file = join(shop.path, 'migrations/0001_users.sql');
    writeFileSync(file, users.replace('create table users', '-- people\ncreate  table users'));
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].outcome]).toEqual([0, 'up-to-date']);
    expect(up.shards[0].warnings[0]).toContain('0001');
    writeFileSync(file, users);
  });

  it('F88 refuses when the file of an applied migration is gone', async () => {
    const file = join(shop.path, 'migrations/0001_users.sql');
    renameSync(file, join(shop.path, '_away.sql'));
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([6, 'history_missing']);
    renameSync(join(shop.path, '_away.sql'), file);
  });

  it('F91 refuses a late older version, unless allowed', async () => {
    const file = join(shop.path, 'migrations/0002.5_late.sql');
    writeFileSync(
      file,
      '-- migrate:up\ncreate table late (id integer);\n-- migrate:down\ndrop table late;\n',
    );
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([6, 'history_out_of_order']);
    const allowed = await json('migrate', 'up', '--allow-out-of-order');
    expect([allowed.exitCode, allowed.shards[0].steps.length]).toEqual([0, 1]);
    const down = await json('migrate', 'down');
    expect(down.shards[0].steps.map((step: any) => step.version)).toEqual(['0002.5']);
    rmSync(file);
  });

  it('takes a deleted migration down from its stored text', async () => {
    const file = join(shop.path, 'migrations/0004_extra.sql');
    writeFileSync(
      file,
      '-- migrate:up\ncreate table extra (id integer);\n-- migrate:down\ndrop table extra;\n',
    );
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    rmSync(file);
    const down = await json('migrate', 'down');
    expect([down.exitCode, down.shards[0].steps[0].version]).toEqual([0, '0004']);
    expect(await db.tables()).not.toContain('extra');
  });

  it('redoes the last one', async () => {
    const redo = await json('migrate', 'redo');
    expect(redo.shards[0].steps.map((step: any) => [step.version, step.direction, step.outcome])).toEqual([
      ['0003', 'down', 'done'],
      ['0003', 'up', 'done'],
    ]);
  });

  it('comes down to nothing, and up again', async () => {
    const down = await json('migrate', 'down', '--all');
    expect(down.shards[0].steps.map((step: any) => [step.version, step.outcome])).toEqual([
      ['0003', 'done'],
      ['0002', 'done'],
      ['0001', 'done'],
    ]);
    expect(await db.tables()).toEqual([
      'schema_migrations',
      'schema_migrations_lock',
      'schema_migrations_log',
    ]);
    expect(await db.query('select * from schema_migrations')).toEqual([]);
    expect((await json('migrate', 'up')).exitCode).toBe(0);
  });

  it('has kept a log of it all', async () => {
    const log = await json('migrate', 'log');
    const count = (event: string) => log.lines.filter((line: any) => line.event === event).length;
    expect([count('apply'), count('revert'), count('repair')]).toEqual([9, 6, 2]);
    expect(log.lines.map((line: any) => line.seq)).toEqual(
      log.lines.map((_line: any, i: number) => log.lines[0].seq + i),
    );
  });

  it('F102 refuses to come down over a migration without a down, before anything ran', async () => {
    const file = join(shop.path, 'migrations/0005_one_way.sql');
    writeFileSync(file, 'create table one_way (id integer);\n');
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    const before = await db.tables();
    const down = await json('migrate', 'down', '--step', '2');
    expect([down.exitCode, down.error.code]).toEqual([12, 'irreversible']);
    expect(await db.tables()).toEqual(before);
  });

  it('refuses a table of the same name that is another tool’s', async () => {
    const config = join(shop.path, 'other.config.json');
    await db.query('create table foreign_history (version varchar(20) primary key)');
    writeFileSync(
      config,
      JSON.stringify({ shards: [{ name: 'main', url: db.url }], table: 'foreign_history' }),
    );
    const up = await json('migrate', 'up', '--config', config);
    expect([up.exitCode, up.shards[0].error.code]).toEqual([6, 'history_foreign']);
    expect(up.shards[0].error.hint).toContain('adopt');
  });

  it('runs once when two start at the same time', async () => {
    writeFileSync(
      join(shop.path, 'migrations/0006_once.sql'),
      'create table once (id integer);\ninsert into once values (1);\n',
    );
    const both = await Promise.all([json('migrate', 'up'), json('migrate', 'up')]);
    expect(both.map((result) => result.exitCode)).toEqual([0, 0]);
    expect(both.map((result) => result.shards[0].outcome).sort()).toEqual(['applied', 'up-to-date']);
    expect(await db.query('select id from once')).toEqual([{ id: 1 }]);
  });
});
