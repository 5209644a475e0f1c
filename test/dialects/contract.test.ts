import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type ConnectOptions,
  type Dialect,
  DriverError,
  type Session,
  type SqlValue,
} from '../../src/dialects/dialect.js';
import { dialects } from '../../src/dialects/index.js';
import { createTables, ledgerTables } from '../../src/ledger/tables.js';
import { splitSql } from '../../src/sql/split.js';
import { createDatabase, kinds, type TestDatabase } from '../support/databases.js';

const options: ConnectOptions = {
  access: 'write',
  tls: { mode: 'off' },
  connectMs: 5000,
  statementMs: 0,
  ddlLockMs: 300,
  onConnect: [],
  resolveFrom: tmpdir(),
  applicationName: 'dbpat',
};

async function faultOf(work: Promise<unknown>): Promise<DriverError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DriverError) return error;
    throw error;
  }
  throw new Error('it should have failed');
}

describe.each(kinds)('a session on %s', (kind) => {
  let db: TestDatabase;
  let dialect: Dialect;
  const open: Session[] = [];
  const session = async (more: Partial<ConnectOptions> = {}, url = db.url) => {
    const one = await dialect.connect(dialect.parseUrl(url, tmpdir()), { ...options, ...more });
    open.push(one);
    return one;
  };
  const statements = (sql: string) => splitSql(sql, dialect.sqlRules);

  beforeAll(async () => {
    db = await createDatabase(kind);
    const scheme = new URL(db.url).protocol.slice(0, -1);
    dialect = dialects.find((one) => one.schemes.includes(scheme))!;
    await db.query('create table t (id integer primary key, v text)');
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await db.query('delete from t');
  });
  afterAll(() => db.drop());

  it('is the same database for two sessions, and another for another', async () => {
    const other = await createDatabase(kind);
    const [a, b, c] = [await session(), await session(), await session({}, other.url)];
    expect(a.server.identity).toBe(b.server.identity);
    expect(a.server.identity).not.toBe(c.server.identity);
    expect(a.server.role).toBe('primary');
    await c.close();
    open.splice(open.indexOf(c), 1);
    await other.drop();
  });

  it.each<[string, SqlValue]>([
    ['quotes', `a 'b' "c" \`d\``],
    ['backslashes', '\\n \\\\ \\'],
    ['lines and tabs', 'a\n\tb\r\nc'],
    ['beyond the BMP', 'naïve 日本語 🦊'],
    ['question marks and dollars', '? $1 :x ${y}'],
    ['the empty text', ''],
    ['60 kB', 'x'.repeat(60_000)],
    ['null', null],
  ])('F115 keeps %s', async (_name, value) => {
    const one = await session();
    await one.query({ sql: 'insert into t (id, v) values (?, ?)', params: [1, value] });
    expect((await one.query({ sql: 'select v from t where id = ?', params: [1] })).rows).toEqual([
      { v: value },
    ]);
  });

  it('writes a batch whole or not at all', async () => {
    const one = await session();
    const row = (id: number) => ({ sql: 'insert into t (id, v) values (?, ?)', params: [id, 'x'] });
    await faultOf(one.batch([row(1), row(2), row(1)]));
    expect(await db.query('select id from t')).toEqual([]);
    await one.batch([row(1), row(2)]);
    expect(await db.query('select id from t order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('tells a missing table and a missing column', async () => {
    const one = await session();
    expect((await faultOf(one.query({ sql: 'select a from nowhere' }))).kind).toBe('no-such-table');
    expect((await faultOf(one.query({ sql: 'select absent_column from t' }))).kind).toBe('no-such-column');
  });

  it('creates the ledger twice without harm, and lists its columns', async () => {
    const one = await session();
    const tables = ledgerTables(dialect, one.server.schema, 'ledger');
    await one.batch(createTables(dialect, tables));
    await one.batch(createTables(dialect, tables));
    const { rows } = await one.query(dialect.ledger.columns('ledger', one.server.schema));
    expect(rows.map((row) => row.name)).toEqual(
      'version phase description checksum status applied_order applied_at duration_ms run_id applied_by tool_version progress error source'.split(
        ' ',
      ),
    );
  });

  it('runs Kysely on itself, a transaction inside one being a savepoint', async () => {
    const one = await session();
    const seen: string[] = [];
    await one.begin();
    const kysely = await one.kysely((sql, send) => {
      seen.push(sql.split(' ')[0]!);
      return send();
    });
    await kysely.insertInto('t').values({ id: 1, v: 'kept' }).execute();
    await kysely
      .transaction()
      .execute(async (trx) => {
        await trx.insertInto('t').values({ id: 2, v: 'undone' }).execute();
        throw new Error('undo');
      })
      .catch(() => {});
    await one.commit([{ sql: 'insert into t (id, v) values (?, ?)', params: [3, 'record'] }]);
    expect(await db.query('select id from t order by id')).toEqual([{ id: 1 }, { id: 3 }]);
    expect(seen).toEqual(['insert', 'savepoint', 'insert', 'rollback', 'release']);
  });

  it('gives a lock that it waits for back in time', async () => {
    const one = await session();
    await db.query("insert into t values (1, 'x')");
    const release = await db.hold("update t set v = 'y' where id = 1");
    const fault = await faultOf(one.query({ sql: 'update t set v = ? where id = ?', params: ['z', 1] }));
    await release();
    expect(fault.kind).toBe('lock-timeout');
  }, 20_000);

  it('says that a closed port is unreachable', async () => {
    if (dialect.capabilities.createsDatabase) {
      expect((await faultOf(session({}, 'sqlite:/nowhere/at/all.db'))).kind).toBe('unreachable');
    } else {
      const url = new URL(db.url);
      url.port = '9';
      expect((await faultOf(session({}, url.href))).kind).toBe('unreachable');
    }
  });

  it('excludes others by its lock, which dies with it', async () => {
    if (dialect.capabilities.files) {
      await expect((await session()).tryLock('k')).rejects.toThrow('no session lock');
      return;
    }
    const all = await Promise.all(Array.from({ length: 8 }, () => session()));
    const got = await Promise.all(all.map((one) => one.tryLock('k')));
    expect(got.filter(Boolean).length).toBe(1);
    const winner = all[got.indexOf(true)]!;
    const loser = all[got.indexOf(false)]!;
    expect(await loser.unlock('k')).toBe(false);
    expect(await loser.tryLock('another')).toBe(true);
    await winner.close();
    await expect.poll(() => loser.tryLock('k'), { timeout: 5000 }).toBe(true);
    expect(await loser.unlock('k')).toBe(true);
  });

  it('F11 proves the fence in every transaction, and nothing of one that has lost it stays', async () => {
    const one = await session();
    await one.query({ sql: 'insert into t (id, v) values (?, ?)', params: [1, 'epoch 7'] });
    const fence = (epoch: string) => ({
      query: { sql: 'select 1 as held from t where id = ? and v = ?', params: [1, epoch] },
    });
    const insert = (id: number) => ({ sql: 'insert into t (id, v) values (?, ?)', params: [id, 'x'] });
    one.useFence(fence('epoch 7'));
    await one.batch([insert(2), insert(3)]);
    await one.begin();
    await one.commit([insert(4)]);
    one.useFence(fence('epoch 6'));
    expect((await faultOf(one.batch([insert(5)]))).kind).toBe('fenced');
    expect((await faultOf(one.batch([insert(5), insert(6)]))).kind).toBe('fenced');
    expect((await faultOf(one.begin())).kind).toBe('fenced');
    if (dialect.capabilities.transactionalDdl) {
      const script = {
        statements: statements('insert into t values (7, null)'),
        record: () => [],
        reset: false,
      };
      expect((await faultOf(one.runAtomic(script))).kind).toBe('fenced');
    }
    one.useFence(undefined);
    await one.batch([insert(8)]);
    expect((await db.query('select id from t order by id')).map((row) => row.id)).toEqual([1, 2, 3, 4, 8]);
  });

  it('F14 tells a session lock that the migration has given back', async () => {
    const one = await session();
    if (dialect.capabilities.files) return;
    await one.query({ sql: 'insert into t (id, v) values (?, ?)', params: [1, 'epoch 7'] });
    expect(await one.tryLock('k')).toBe(true);
    one.useFence({ query: { sql: 'select 1 as held from t where id = ?', params: [1] }, key: 'k' });
    await one.begin();
    await one.rollback();
    await one.unlock('k');
    expect((await faultOf(one.begin())).kind).toBe('fenced');
  });

  it('knows which sessions live, and ends another one of its own', async () => {
    if (dialect.capabilities.files) return;
    const [one, other] = [await session(), await session()];
    const { sessionId } = other.server;
    expect(await one.isAlive(sessionId)).toBe(true);
    await one.terminate(sessionId);
    expect(await one.isAlive(sessionId)).toBe(false);
    await one.terminate(sessionId);
  });

  it('tells a session by more than its number, whatever the time zones are', async () => {
    if (!kind.startsWith('postgres')) return;
    const one = await session({ onConnect: ["set timezone = 'Asia/Kathmandu'"] });
    const other = await session({ onConnect: ["set timezone = 'Pacific/Chatham'"] });
    const { sessionId } = other.server;
    expect(await one.isAlive(sessionId)).toBe(true);
    const earlier = `${sessionId.split('/')[0]}/1`;
    expect(await one.isAlive(earlier)).toBe(false);
    await one.terminate(earlier);
    expect(await one.isAlive(sessionId)).toBe(true);
  });

  it('commits statements with their record, or leaves nothing and says where it failed', async () => {
    const one = await session();
    const record = () => [{ sql: 'insert into t (id, v) values (?, ?)', params: [9, 'record'] }];
    if (!dialect.capabilities.transactionalDdl) {
      await expect(one.runAtomic({ statements: [], record, reset: false })).rejects.toThrow(
        'not transactional',
      );
      return;
    }
    const bad = statements(
      "create table a1 (id integer);\ninsert into t values (1, 'x');\ninsert into no_table values (1);",
    );
    const fault = await faultOf(one.runAtomic({ statements: bad, record, reset: false }));
    expect(fault.at).toBe(2);
    expect(await db.query('select id from t')).toEqual([]);
    const good = statements("create table a1 (id integer);\ninsert into t values (1, 'x');");
    await one.runAtomic({ statements: good, record, reset: true });
    expect(await db.query('select id from t order by id')).toEqual([{ id: 1 }, { id: 9 }]);
    expect(await db.tables()).toContain('a1');
  });

  it('F98 sends a script of several megabytes', async () => {
    const one = await session();
    if (!dialect.capabilities.transactionalDdl) return;
    const many = Array.from(
      { length: 3000 },
      (_, i) => `insert into t values (${i + 10}, '${'x'.repeat(1000)}');`,
    ).join('\n');
    await one.runAtomic({ statements: statements(many), record: () => [], reset: false });
    expect(Number((await db.query('select count(*) as n from t'))[0].n)).toBe(3000);
  });

  it('F69 sees that the transaction was ended inside', async () => {
    const one = await session();
    if (!dialect.capabilities.transactionalDdl) return;
    await one.begin();
    await one.send(statements('commit')[0]!);
    expect((await faultOf(one.commit([]))).dbCode).toBe('ended-early');
    await one.rollback();
  });

  it('F128 takes back what was set in it', async () => {
    const one = await session();
    await one.reset();
    const [setting, question, before] =
      kind === 'sqlite'
        ? ['pragma foreign_keys = off', 'pragma foreign_keys', { foreign_keys: 1 }]
        : dialect.name === 'mysql'
          ? ["set sql_mode = 'ANSI_QUOTES'", "select @@sql_mode like '%ANSI_QUOTES%' as v", { v: 0 }]
          : [
              'set search_path = nowhere',
              "select current_setting('search_path') as v",
              { v: '"$user", public' },
            ];
    await one.send(statements(setting as string)[0]!);
    await one.reset();
    expect((await one.query({ sql: question as string })).rows).toEqual([before]);
  });

  it('is ended from outside', async () => {
    const one = await session();
    const sleeps = {
      sqlite: undefined,
      mysql:
        // A killed sleep() or benchmark() is no error there.
        'create table z as select count(*) as n from information_schema.collations a, information_schema.collations b, information_schema.collations c, information_schema.collations d',
      postgres: 'select pg_sleep(20)',
    };
    const sleep = sleeps[dialect.name];
    if (sleep === undefined) {
      await one.cancel();
      return;
    }
    const running = faultOf(one.send(statements(sleep)[0]!));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await one.cancel();
    expect((await running).kind).toBe('cancelled');
  }, 15_000);
});
