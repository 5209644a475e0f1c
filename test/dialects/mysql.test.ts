import { tmpdir } from 'node:os';
import mysql from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectOptions, DriverError, type Session } from '../../src/dialects/dialect.js';
import { mysql as dialect } from '../../src/dialects/mysql/index.js';
import { splitSql } from '../../src/sql/split.js';
import { startMariadb } from '../support/servers/mariadb.js';
import { startMysql } from '../support/servers/mysql.js';
import type { TestServer } from '../support/servers/process.js';
import { canary } from '../support/servers.js';

/** What differs between MariaDB and MySQL, on servers of their own: global settings are changed. */
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
const starters = { mariadb: startMariadb, mysql: startMysql };

describe.each(['mariadb', 'mysql'] as const)('%s', (kind) => {
  let server: TestServer;
  let admin: mysql.Connection;
  const open: Session[] = [];
  const session = async (more: Partial<ConnectOptions> = {}, user = 'app') => {
    const url = server.url.replace('//app:', `//${user}:`).replace(/mysql$/, 'shop');
    const one = await dialect.connect(dialect.parseUrl(url, tmpdir()), { ...options, ...more });
    open.push(one);
    return one;
  };
  const send = async (one: Session, sql: string) => {
    for (const statement of splitSql(sql, dialect.sqlRules)) await one.send(statement);
  };
  const faultOf = async (work: Promise<unknown>) => {
    const fault = await work.then(
      () => undefined,
      (error) => error,
    );
    expect(fault).toBeInstanceOf(DriverError);
    return fault as DriverError;
  };

  beforeAll(async () => {
    server = await starters[kind]();
    admin = await mysql.createConnection(server.url);
    await admin.query('create database shop');
    await admin.query('create table shop.t (id int primary key, v text)');
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  it('says what it is', async () => {
    const one = await session();
    expect(one.server.product).toMatch(
      kind === 'mysql' ? /^MySQL \d+\.\d+\.\d+$/ : /^MariaDB \d+\.\d+\.\d+$/,
    );
  });

  it('lets a user in whose password it has not seen since it started, without TLS', async () => {
    await admin.query(`create user fresh@'127.0.0.1' identified by '${canary}'`);
    await admin.query("grant all on shop.* to fresh@'127.0.0.1'");
    await admin.query('flush privileges');
    const one = await session({}, 'fresh');
    expect((await one.query({ sql: 'select 1 as one' })).rows).toEqual([{ one: 1 }]);
  });

  it('refuses a wrong password as not allowed', async () => {
    expect((await faultOf(session({}, 'nobody'))).kind).toBe('not-allowed');
  });

  it('takes back every variable of the session that a migration may set', async () => {
    const one = await session();
    const all = async () => {
      const { rows } = await one.query({ sql: 'show session variables' });
      return new Map(rows.map((row) => [row.Variable_name, row.Value]));
    };
    await one.reset();
    const before = await all();
    const isolation = kind === 'mysql' ? 'transaction_isolation' : 'tx_isolation';
    await send(
      one,
      `set foreign_key_checks = 0; set unique_checks = 0; set autocommit = 0; set sql_safe_updates = 1;
set time_zone = '+05:30'; set names latin1; set sql_mode = 'ANSI_QUOTES'; set ${isolation} = 'SERIALIZABLE';
set session lock_wait_timeout = 77; set session innodb_lock_wait_timeout = 78; set default_storage_engine = 'MyISAM';
set group_concat_max_len = 4096; set sql_quote_show_create = 0; set sql_auto_is_null = 1; set sql_log_bin = 0;
set session lc_time_names = 'de_DE'; set session div_precision_increment = 7; set session auto_increment_increment = 3;
set session transaction read only; use mysql;`,
    );
    expect(await all()).not.toEqual(before);
    await one.reset();
    const after = await all();
    const moved = [...before].filter(([name, value]) => after.get(name) !== value).map(([name]) => name);
    const counters =
      /^(timestamp|rand_seed|last_gtid|pseudo_|identity|insert_id|last_insert_id|error_count|warning_count|in_transaction|statement_id|gtid_)/;
    expect(moved.filter((name) => !counters.test(String(name)))).toEqual([]);
    expect((await one.query({ sql: 'select database() as db' })).rows).toEqual([{ db: 'shop' }]);
  });

  it('F59 ends a query that takes longer than it may', async () => {
    const one = await session({ statementMs: 200 });
    const endless =
      'select count(*) from information_schema.collations a, information_schema.collations b, information_schema.collations c, information_schema.collations d';
    expect((await faultOf(one.query({ sql: endless }))).kind).toBe('cancelled');
  });

  it('F45 is seen to be read-only, and says so when written to', async () => {
    await admin.query(`create user plain@'127.0.0.1' identified by '${canary}'`);
    await admin.query("grant all on shop.* to plain@'127.0.0.1'");
    await admin.query(kind === 'mysql' ? 'set global super_read_only = on' : 'set global read_only = on');
    try {
      const one = await session({}, 'plain');
      expect(one.server.role).toBe('read-only');
      const fault = await faultOf(one.query({ sql: 'insert into t (id) values (1)' }));
      expect([fault.kind, fault.dbCode]).toEqual(['read-only', '1290']);
    } finally {
      await admin.query('set global read_only = off');
    }
  });

  it('a read-only transaction says so', async () => {
    const one = await session();
    await send(one, 'start transaction read only');
    const fault = await faultOf(one.query({ sql: 'insert into t (id) values (1)' }));
    expect([fault.kind, fault.dbCode]).toEqual(['read-only', '1792']);
  });

  it('F57 names the session that keeps a statement waiting', async () => {
    const holder = await mysql.createConnection({ uri: server.url, database: 'shop' });
    const [[{ id }]] = (await holder.query('select connection_id() as id')) as any;
    await holder.query('start transaction');
    await holder.query('select * from t');
    const one = await session();
    expect((await faultOf(one.query({ sql: 'alter table t add column w int' }))).kind).toBe('lock-timeout');
    const watcher = await session();
    expect((await watcher.blockers(one.server.sessionId)).join('\n')).toContain(
      `connection ${id} (app, sleep`,
    );
    await holder.end();
  });

  it('writes a row that is there already', async () => {
    const one = await session();
    const upsert = {
      sql: `insert into t (id, v) values (?, ?) ${dialect.ledger.upsert(['id'], ['v'])}`,
      params: [7, 'x'],
    };
    await one.query(upsert);
    await one.query({ ...upsert, params: [7, 'y'] });
    const { rows } = await one.query({ sql: 'show warnings' });
    expect(rows.map((row) => row.Code)).toEqual(kind === 'mysql' ? [1287] : []);
    expect((await one.query({ sql: 'select v from t where id = 7' })).rows).toEqual([{ v: 'y' }]);
  });
});
