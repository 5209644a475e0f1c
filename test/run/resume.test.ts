import { afterEach, describe, expect, it } from 'vitest';
import { decisions, resumable, running } from '../support/resume.js';

const { place, close, later } = resumable();
afterEach(close);

const servers = ['mariadb', 'mysql'] as const;
const rows = `insert into t (id, v) values ${Array.from({ length: 3000 }, (_, i) => `(${i}, ${i})`).join(', ')};\n`;

describe.each(servers)('on %s', (kind) => {
  const slow = {
    '1_t.sql': `create table t (id int primary key, v int);\n${rows}create table w (n int auto_increment primary key, k int);`,
  };

  it.each([
    ['takes effect all the same', 'alter table t add column d int', 'add column d'],
    ['index', 'create index t_v on t (v)', 'create index'],
    ['drop', 'drop table t', 'drop table'],
    ['rename', 'rename table t to tt', 'rename'],
    ['trigger', 'create trigger tr before insert on t for each row set new.v = 1', 'create trigger'],
  ])(
    'F24 F75 killed while its DDL waits (%s): the next run finds out, and nothing runs twice',
    async (_name, ddl, seen) => {
      const { db, json, start, write } = await place(kind, slow);
      expect((await json('migrate', 'up')).exitCode).toBe(0);
      write('2_ddl.sql', `insert into w (k) values (1);\n${ddl};\ninsert into w (k) values (2);`);
      const release = await db.hold('select * from t');
      const first = start();
      await running(db, new RegExp(seen));
      first.kill();
      await first.ended;
      const second = start();
      await release();
      const ended = await second.ended;
      expect([ended.exitCode, ended.shards[0].error]).toEqual([0, undefined]);
      expect(await db.query('select k from w order by n')).toEqual([{ k: 1 }, { k: 2 }]);
      expect((await decisions(json)).length).toBe(1);
      expect((await json('migrate', 'verify')).exitCode).toBe(0);
    },
  );

  it('F36 F44 a connection that is cut in a DDL: the same run finds out and goes on', async () => {
    const { db, json, start, write } = await place(kind, slow);
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    write(
      '2_ddl.sql',
      'insert into w (k) values (1);\nalter table t add column d int;\ninsert into w (k) values (2);',
    );
    const release = await db.hold('select * from t');
    const run = start();
    await db.query(`kill ${await running(db, /add column d/)}`);
    await release();
    const ended = await run.ended;
    expect([ended.exitCode, ended.shards[0].error]).toEqual([0, undefined]);
    expect(await db.query('select k from w order by n')).toEqual([{ k: 1 }, { k: 2 }]);
    expect(await decisions(json)).toEqual(['not-done']);
  });

  it('F78 killed among rows that share a transaction: they are written once', async () => {
    const { db, json, start } = await place(kind, {
      '1_w.sql': 'create table w (n int auto_increment primary key, k int);',
      '2_rows.sql':
        "insert into w (k) values (1);\ninsert into w (k) values (2);\nselect sleep(@@port * 0 + 3);\nalter table w add column d int;\nupdate w set d = coalesce(d, 0) + 1;\nselect 'slow', sleep(3);\nupdate w set d = d + 10;",
    });
    const first = start();
    await running(db, /sleep\(@@port/);
    first.kill();
    await first.ended;
    const second = start();
    await running(db, /'slow'/);
    second.kill();
    await second.ended;
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    expect(await db.query('select k, d from w order by n')).toEqual([
      { k: 1, d: 11 },
      { k: 2, d: 11 },
    ]);
  });

  it('F82 what leaves no trace asks for a decision, with the command', async () => {
    const { db, json, start } = await place(kind, {
      '1_w.sql':
        'create table w (n int auto_increment primary key, k int);\ncreate procedure p() begin insert into w (k) values (1); do sleep(4); insert into w (k) values (2); end;\n',
      '2_call.sql': 'create table before_it (id int);\ncall p();\ncreate table after_it (id int);',
    });
    const first = start();
    await running(db, /sleep/i);
    first.kill();
    await first.ended;
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([11, 'unfinished']);
    expect(up.shards[0].error.message).toContain('its effect leaves no trace in the catalogue');
    const status = await json('migrate', 'status');
    expect(status.shards[0].migrations.map((m: any) => m.state)).toEqual(['applied', 'unfinished']);
    await db.query('delete from w');
    expect((await json('migrate', 'repair', '--resume', '2', '--reason', 'undone by hand')).exitCode).toBe(0);
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    expect(await db.query('select k from w order by n')).toEqual([{ k: 1 }, { k: 2 }]);
  });

  it('a copy that is there is not known to be whole', async () => {
    const { db, json } = await place(kind, {
      '1_t.sql': `create table t (id int primary key, v int);\n${rows}`,
      '2_copy.sql': 'create table copy as select * from t;',
    });
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    const copied = JSON.stringify({
      direction: 'up',
      total: 1,
      done: 0,
      prefix: 'x',
      inFlight: {
        index: 0,
        words: 'CREATE TABLE',
        repeatable: false,
        through: 'x',
        trace: { objects: [['table', '', 'copy']], changes: [{ to: 'absent', fact: 'table copy' }] },
      },
      seen: { place: new URL(db.url).pathname.slice(1), facts: {} },
    });
    await db.query(
      `update schema_migrations set status = 'running', progress = '${copied}' where version = '2'`,
    );
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.message]).toEqual([
      11,
      expect.stringContaining('before it: no table copy; now: table copy'),
    ]);
  });

  it('F77 a setting is made again, a temporary table that is needed is not', async () => {
    const text = "set @suffix = 'x';\ncreate table a (id int);\ncreate table a (id int);\n";
    const tail =
      "set @sql = concat('create table c_', @suffix, ' (id int)');\nprepare s from @sql;\nexecute s;";
    const { db, json, write } = await place(kind, { '1_set.sql': text + tail });
    expect((await json('migrate', 'up')).exitCode).toBe(3);
    write('1_set.sql', `set @suffix = 'x';\ncreate table a (id int);\ncreate table a2 (id int);\n${tail}`);
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error]).toEqual([0, undefined]);
    expect(await db.tables()).toEqual(expect.arrayContaining(['a', 'a2', 'c_x']));

    const begun = 'create temporary table tmp (id int);\ncreate table d (id int);\n';
    write('2_temp.sql', `${begun}create table d (id int);\ninsert into d select id from tmp;`);
    expect((await json('migrate', 'up')).exitCode).toBe(3);
    write('2_temp.sql', `${begun}create table e (id int);\ninsert into d select id from tmp;`);
    const lost = await json('migrate', 'up');
    expect([lost.exitCode, lost.shards[0].error.code]).toEqual([11, 'unfinished']);
    expect(lost.shards[0].error.message).toContain('made a temporary table');
    write('2_temp.sql', `${begun}create table e (id int);`);
    expect((await json('migrate', 'up')).exitCode).toBe(0);
  });

  it('F79 strict mode is on, and warnings are shown and kept, without the values', async () => {
    const { db, json, start } = await place(kind, {
      '1_t.sql': "create table t (v varchar(10));\ninsert into t values ('long text');\n",
      '2_ignore.sql': "insert ignore into t values ('secret text, too long');\n",
      '3_short.sql': 'alter table t modify v varchar(2);',
    });
    await db.query("set global sql_mode = ''");
    later(() => db.query('set global sql_mode = default'));
    const up = await start().ended;
    expect([up.exitCode, up.shards[0].error.dbCode]).toEqual([3, '1265']);
    expect(await db.query('select v from t')).toEqual([{ v: 'long text' }, { v: 'secret tex' }]);
    expect(up.stderr).toContain(
      "2 ignore: statement 1 (INSERT IGNORE INTO): Data truncated for column 'v' at row 1 (1265)",
    );
    const log = await json('migrate', 'log');
    expect(log.lines.filter((line: any) => line.event === 'warning').map((line: any) => line.detail)).toEqual(
      [
        {
          step: 1,
          words: 'INSERT IGNORE INTO',
          warnings: ["Data truncated for column 'v' at row 1 (1265)"],
        },
      ],
    );
  });

  it('F55 a statement that the server would not take is not sent', async () => {
    const { db, json } = await place(kind, {
      '1_t.sql': 'create table t (v longtext);',
    });
    await json('migrate', 'up');
    const [{ packet }] = await db.query('select @@max_allowed_packet as packet');
    const big = await place(kind, {
      '1_t.sql': `create table t (v longtext);\ninsert into t values ('${'x'.repeat(Number(packet))}');`,
    });
    const up = await big.json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.dbCode]).toEqual([3, '1153']);
    expect(up.shards[0].error.message).toContain('statement 1 of 2 took effect and stays');
    expect(await big.db.query('select count(*) as n from t')).toEqual([{ n: 0 }]);
  });
});

describe.each(servers)('a module on %s', (kind) => {
  const head = `import { sql } from 'kysely';\nexport async function up(db) {\n`;
  const begun = `${head}
  await db.schema.createTable('a').addColumn('id', 'integer').execute();
  const { numInsertedOrUpdatedRows } = await db.insertInto('a').values([{ id: 1 }, { id: 2 }]).executeTakeFirst();
  const rows = await db.selectFrom('a').select('id').orderBy('id').execute();
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('a').values({ id: Number(numInsertedOrUpdatedRows) * 10 + rows.length }).execute();
  });
`;

  it('goes on after what took effect, when it asks for the same again', async () => {
    const { db, json, write } = await place(kind, {
      '1_m.ts': `${begun}  await sql\`create table a (id int)\`.execute(db);\n}\n`,
    });
    expect((await json('migrate', 'up')).exitCode).toBe(3);
    const status = await json('migrate', 'status');
    expect(status.shards[0].migrations[0].phases[0].progress.done).toBe(3);
    write('1_m.ts', `${begun}  await sql\`create table b (id int)\`.execute(db);\n}\n`);
    const up = await json('migrate', 'up');
    // the rows that it read in between are not the same any more
    expect([up.exitCode, up.shards[0].error?.code]).toEqual([11, 'unfinished']);
    expect(await db.query('select id from a order by id')).toEqual([{ id: 1 }, { id: 2 }, { id: 22 }]);
  });

  it('answers counts as before, sends nothing twice, and ends', async () => {
    const text = begun.replace(/ {2}const rows.*\n/, '').replace('rows.length', '2');
    const { db, json, write } = await place(kind, {
      '1_m.ts': `${text}  await sql\`create table a (id int)\`.execute(db);\n}\n`,
    });
    expect((await json('migrate', 'up')).exitCode).toBe(3);
    write('1_m.ts', `${text}  await sql\`create table b (id int)\`.execute(db);\n}\n`);
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error]).toEqual([0, undefined]);
    expect(await db.query('select id from a order by id')).toEqual([{ id: 1 }, { id: 2 }, { id: 22 }]);
    expect(await db.tables()).toEqual(expect.arrayContaining(['a', 'b']));
  });

  it('F24 killed in a DDL: the catalogue decides, and the module goes on', async () => {
    const { db, json, start, write } = await place(kind, {
      '1_t.sql':
        'create table t (id int primary key);\ncreate table w (n int auto_increment primary key, k int);',
    });
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    write(
      '2_m.ts',
      `${head}  await db.insertInto('w').values({ k: 1 }).execute();\n  await db.schema.alterTable('t').addColumn('d', 'integer').execute();\n  await db.insertInto('w').values({ k: 2 }).execute();\n}\n`,
    );
    const release = await db.hold('select * from t');
    const first = start();
    await running(db, /add column `d`/);
    first.kill();
    await first.ended;
    await release();
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error]).toEqual([0, undefined]);
    expect(await db.query('select k from w order by n')).toEqual([{ k: 1 }, { k: 2 }]);
    expect((await decisions(json)).length).toBe(1);
  });

  it('one that is no longer the same asks for a decision', async () => {
    const { json } = await place(kind, {
      '1_m.ts': `${head}  await sql.raw('create table a (c' + Date.now() + ' int)').execute(db);\n  throw new Error('no');\n}\n`,
    });
    expect((await json('migrate', 'up')).exitCode).toBe(3);
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([11, 'unfinished']);
  });
});
