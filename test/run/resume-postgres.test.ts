import { afterEach, describe, expect, it } from 'vitest';
import type { TestDatabase } from '../support/databases.js';
import { decisions, resumable, running } from '../support/resume.js';

const { place, close } = resumable();
afterEach(close);

const table = {
  '1_t.sql':
    'create table t (id int primary key, v int);\ninsert into t select i, i from generate_series(1, 1000) i;\ncreate table w (k int);',
};
const outside = '-- migrate:up transaction:false\n';
/** Keeps an old snapshot, for which CONCURRENTLY waits. */
const snapshot = 'set transaction isolation level repeatable read; select count(*) from t';

async function indexes(db: TestDatabase): Promise<unknown> {
  const rows = await db.query(
    "select c.relname as name, i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 't'::regclass order by 1",
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.valid]));
}

describe.each(['postgres15', 'postgres18'] as const)('outside a transaction on %s', (kind) => {
  it.each<[string, string, string, RegExp, (db: TestDatabase) => Promise<unknown>, unknown]>([
    [
      'F63 CREATE INDEX CONCURRENTLY',
      'select 1',
      'create index concurrently t_v on t (v)',
      /create index/,
      indexes,
      { t_pkey: true, t_v: true },
    ],
    [
      'F64 CREATE INDEX CONCURRENTLY IF NOT EXISTS',
      'select 1',
      'create unique index concurrently if not exists "T v" on public.t (v)',
      /create unique index/,
      indexes,
      { t_pkey: true, 'T v': true },
    ],
    [
      'F66 DROP INDEX CONCURRENTLY',
      'create index t_v on t (v)',
      'drop index concurrently t_v',
      /drop index/,
      indexes,
      { t_pkey: true },
    ],
    [
      'F65 REINDEX INDEX CONCURRENTLY',
      'create index t_v on t (v)',
      'reindex index concurrently t_v',
      /reindex/,
      indexes,
      { t_pkey: true, t_v: true },
    ],
    [
      'F65 REINDEX TABLE CONCURRENTLY',
      'create index t_v on t (v)',
      'reindex (verbose) table concurrently t',
      /reindex/,
      indexes,
      { t_pkey: true, t_v: true },
    ],
    [
      'F66 DETACH PARTITION CONCURRENTLY',
      'create table p (id int) partition by range (id); create table p1 partition of p for values from (1) to (9)',
      'alter table p detach partition p1 concurrently',
      /detach/,
      (db) => db.query('select inhrelid from pg_inherits'),
      [],
    ],
  ])(
    '%s: killed while it waits, the next run brings it to its end',
    async (_name, before, sql, seen, look, expected) => {
      const { db, json, start, write } = await place(kind, table, { timeouts: { ddlLock: '500ms' } });
      expect((await json('migrate', 'up')).exitCode).toBe(0);
      await db.query(before);
      write('2_ddl.sql', `${outside}insert into w values (1);\n${sql};\ninsert into w values (2);`);
      const release = await db.hold(sql.includes('detach') ? `${snapshot}; select * from p` : snapshot);
      const first = start();
      await running(db, seen);
      // F60: it says whom it waits for
      await expect.poll(first.stderr, { timeout: 30_000 }).toMatch(/waits for pid \d+/);
      first.kill();
      await first.ended;
      const second = start();
      await release();
      const ended = await second.ended;
      expect([ended.exitCode, ended.shards[0].error]).toEqual([0, undefined]);
      expect(await db.query('select k from w order by k')).toEqual([{ k: 1 }, { k: 2 }]);
      expect(await look(db)).toEqual(expected);
      expect((await decisions(json)).length).toBe(1);
    },
  );

  it('F63 cancelled from outside: what it left goes with the next run, which builds it', async () => {
    const { db, json, start, write } = await place(kind, table, { timeouts: { ddlLock: '500ms' } });
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    write('2_ddl.sql', `${outside}create index concurrently t_v on t (v);`);
    const release = await db.hold(snapshot);
    const run = start();
    await db.query(`select pg_cancel_backend(${await running(db, /create index/)})`);
    const ended = await run.ended;
    expect([ended.exitCode, ended.shards[0].error.dbCode]).toEqual([3, '57014']);
    await release();
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    expect(await indexes(db)).toEqual({ t_pkey: true, t_v: true });
  });

  it('F24 what took effect without its record counts as done, by the catalogue', async () => {
    const { db, json, write } = await place(kind, {});
    const name = new URL(db.url).pathname.slice(1);
    const made: readonly [sql: string, words: string, undo: string, objects: string[], fact: string][] = [
      [
        `create database ${name}_x`,
        'CREATE DATABASE',
        `drop database ${name}_x`,
        ['database', `"${name}_x"`],
        `database "${name}_x"`,
      ],
    ];
    for (const [sql, words, undo, object, fact] of made) {
      write('1_made.sql', `${outside}${sql};`);
      expect((await json('migrate', 'up')).exitCode).toBe(0);
      const through = 'x';
      const progress = {
        direction: 'up',
        total: 1,
        done: 0,
        prefix: through,
        inFlight: {
          index: 0,
          words,
          repeatable: false,
          through,
          trace: { objects: [object], changes: [{ to: 'present', fact }] },
        },
        seen: { place: '', facts: {} },
      };
      const running = `update schema_migrations set status = 'running', progress = '${JSON.stringify(progress)}'`;
      await db.query(running);
      const wrong = await json('migrate', 'up');
      // the prefix is not that of the file: it says so, and did not send the statement again
      expect([wrong.exitCode, wrong.shards[0].error.code]).toEqual([6, 'history_changed']);
      expect(await decisions(json)).toEqual(['done']);
      await db.query(undo);
    }
  });

  it('F78 F61 each statement shares a transaction with its record, and none runs twice', async () => {
    const { db, json, start } = await place(kind, {
      '1_w.sql': "create table w (n serial, k int);\ncreate type mood as enum ('sad');",
      '2_mixed.sql': `${outside}insert into w (k) values (1);\nalter table w add column d int default 0;\nalter type mood add value 'glad';\nupdate w set d = d + 1;\nbegin;\nupdate w set d = d + 10;\nselect pg_sleep(3);\nupdate w set d = d + 100;\ncommit;\nset search_path to public;\nupdate w set d = d + 1000 where 'glad'::mood is not null;`,
    });
    const first = start();
    await running(db, /pg_sleep/);
    first.kill();
    await first.ended;
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error]).toEqual([0, undefined]);
    expect(await db.query('select k, d from w')).toEqual([{ k: 1, d: 1111 }]);
    expect(await decisions(json)).toEqual([]);
  });

  it('a setting holds over the statements after it, and a DO that commits asks for a decision', async () => {
    const { db, json, write } = await place(kind, {
      '1_set.sql': `${outside}create schema s;\nset search_path to s;\ncreate table one (id int);\ninsert into one values (1);\ncreate table two (id int);\ncreate table two (id int);\ncreate table three (id int);`,
    });
    expect((await json('migrate', 'up')).exitCode).toBe(3);
    write(
      '1_set.sql',
      `${outside}create schema s;\nset search_path to s;\ncreate table one (id int);\ninsert into one values (1);\ncreate table two (id int);\ncreate table three (id int);`,
    );
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    expect(await db.query("select tablename from pg_tables where schemaname = 's' order by 1")).toEqual([
      { tablename: 'one' },
      { tablename: 'three' },
      { tablename: 'two' },
    ]);
    write(
      '2_do.sql',
      `${outside}do $$ begin insert into s.one values (2); commit; raise exception 'no'; end $$;`,
    );
    const failed = await json('migrate', 'up');
    expect([failed.exitCode, failed.shards[0].error.message]).toEqual([
      3,
      expect.stringContaining('whether statement 1 of 1 took effect is not known'),
    ]);
    expect((await json('migrate', 'up')).exitCode).toBe(11);
    expect(await db.query('select id from s.one order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('F63 a module that builds concurrently leaves nothing invalid either, and goes on', async () => {
    const text = (last: string) => `import { sql } from 'kysely';
export const transaction = false;
export async function up(db) {
  await db.schema.createTable('m').addColumn('v', 'integer').execute();
  await db.insertInto('m').values([{ v: 1 }, { v: ${last} }]).execute();
  await sql\`create unique index concurrently m_v on m (v)\`.execute(db);
}`;
    const { db, json, write } = await place(kind, { '1_m.ts': text('1') });
    const failed = await json('migrate', 'up');
    expect([failed.exitCode, failed.shards[0].error.dbCode]).toEqual([3, '23505']);
    expect(await db.query("select 1 as one from pg_class where relname = 'm_v'")).toEqual([]);
    await db.query('delete from m where ctid = (select max(ctid) from m)');
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error]).toEqual([0, undefined]);
    expect(await db.query('select v from m')).toEqual([{ v: 1 }]);
    write('1_m.ts', text('2'));
  });
});
