import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderQuery } from '../../src/dialects/literals.js';
import { literal } from '../../src/dialects/mysql/literal.js';
import { mysqlTracing } from '../../src/dialects/mysql/trace.js';
import { type Facts, judge } from '../../src/dialects/trace.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';

/** What stands before each statement; `;` between them. */
const setup = `
create table t (id int primary key, a int, b varchar(20), c int, key i (a), constraint k check (c > 0));
create table u (id int primary key, t_id int, constraint f foreign key (t_id) references t (id));
create table p (id int) partition by range (id) (partition p1 values less than (10), partition p2 values less than (20));
create table three (id int) partition by range (id) (partition p1 values less than (1), partition p2 values less than (2), partition p3 values less than (3));
create table swap_a (id int);
create table swap_b (id int, more int);
create view v as select id from t;
create trigger tr before insert on t for each row set new.a = 1;
create procedure pr() select 1;
create function fu() returns int deterministic return 1;
create event ev on schedule every 1 day disable do select 1;
create database DB_other`;

const traced = [
  'create table n (id int)',
  'create table if not exists n (id int)',
  'create table n like t',
  'create or replace view v as select a from t',
  'create view w as select 1 as one',
  'create index j on t (b)',
  'create unique index j on t (id, b)',
  'create fulltext index j on t (b)',
  'create trigger tr2 after insert on t for each row set @x = 1',
  'create definer = current_user procedure pr2() select 1',
  'create function fu2() returns int deterministic return 2',
  'create event ev2 on schedule every 1 day disable do select 1',
  'create database DB_new',
  'drop table u',
  'drop table u, swap_a',
  'drop table if exists u, never',
  'drop view v',
  'drop index i on t',
  'drop trigger tr',
  'drop procedure pr',
  'drop function fu',
  'drop event ev',
  'drop database DB_other',
  'rename table swap_a to swap_c',
  'rename table swap_a to x, swap_b to swap_a, x to swap_b',
  'rename table swap_a to DB_other.moved',
  'alter table t add column d int',
  'alter table t add d int, add (e int, g int)',
  'alter table t add column d int after id, drop column c, drop constraint k',
  'alter table t drop column b',
  'alter table t modify b varchar(40)',
  'alter table t modify column b varchar(20) first',
  'alter table t alter column c set default 5',
  'alter table t change b bb varchar(20)',
  'alter table t change b b varchar(30) not null',
  'alter table t rename column b to bb',
  'alter table t rename index i to ii',
  'alter table t add index (b)',
  'alter table t add unique key uq (b)',
  'alter table t add constraint uq unique (b)',
  'alter table u add constraint f2 foreign key (t_id) references t (id)',
  'alter table u add foreign key (id) references t (id)',
  'alter table u drop foreign key f',
  'alter table t add constraint kk check (a > 1)',
  'alter table t drop constraint k',
  'alter table t drop index i, add index i (b)',
  'alter table swap_a add primary key (id)',
  'alter table t rename to tt',
  "alter table t comment = 'hello'",
  'alter table t row_format = dynamic comment = "x", algorithm = copy',
  'alter table t convert to character set utf16',
  'alter table p add partition (partition p3 values less than (30))',
  'alter table p drop partition p1',
  'alter table three drop partition p1, p2',
  'alter table p reorganize partition p1, p2 into (partition q values less than (20))',
  'alter table p remove partitioning',
  'alter view v as select b from t',
  'alter event ev comment "y"',
  'alter database DB_other character set utf16',
  'alter procedure pr comment "y"',
  'CREATE TABLE `DB_other`.`n n` (`Id` int)',
];

/** Sent again they do no harm, so that nothing is seen means that they are to be sent. */
const silent = [
  'alter table t force',
  'alter table t engine = innodb',
  'alter table t auto_increment = 100',
  'alter table t modify b varchar(20)',
];

const undecided = [
  ['create table n as select * from t', 'create table n (id int)'],
  ['alter table p truncate partition p1', 'select 1'],
  ['create or replace table swap_a (id int)', 'select 1'],
];

const untraced = [
  'truncate table t',
  'call pr()',
  'create user x',
  'revoke select on t from x',
  'create function x returns int soname "y"',
];

describe.each(['mariadb', 'mysql'] as const)('what %s says of a statement before and after', (kind) => {
  let db: TestDatabase;
  let prefix: string;
  const own = (sql: string) => sql.replaceAll('DB_', `${prefix}_`);

  beforeAll(async () => {
    db = await createDatabase(kind);
    prefix = new URL(db.url).pathname.slice(1);
  });
  afterAll(async () => {
    for (const name of ['other', 'new']) await db.query(`drop database if exists ${prefix}_${name}`);
    await db.drop();
  });

  const facts = async (statement: string): Promise<Facts> => {
    const { sql, params } = mysqlTracing.facts(mysqlTracing.read(statement, {})!);
    const [row] = await db.query(
      `select concat(${renderQuery({ sql, params: params ?? [] }, literal)}, '') as facts`,
    );
    return JSON.parse(row.facts);
  };
  const prepare = async () => {
    for (const name of ['other', 'new']) await db.query(`drop database if exists ${prefix}_${name}`);
    await db.query(`drop database ${prefix}`);
    await db.query(`create database ${prefix}`);
    await db.query(`use ${prefix}`);
    for (const one of setup.split(';\n')) await db.query(own(one));
  };

  it.each(traced)('%s', async (sql) => {
    const statement = own(sql);
    await prepare();
    const trace = mysqlTracing.read(statement, {})!;
    const before = await facts(statement);
    expect(judge(trace, before, await facts(statement)).verdict).toBe('not-done');
    await db.query(statement);
    const now = await facts(statement);
    const found = judge(trace, before, now);
    expect(found).toEqual({ verdict: 'done', before: found.before, now: found.now, sweep: [] });
  });

  it.each(silent)('sends again: %s', async (statement) => {
    await prepare();
    const trace = mysqlTracing.read(statement, {})!;
    const before = await facts(statement);
    await db.query(statement);
    expect(judge(trace, before, await facts(statement)).verdict).toBe('not-done');
    await db.query(statement);
  });

  it.each(undecided)('cannot tell: %s', async (statement, happened) => {
    await prepare();
    const trace = mysqlTracing.read(statement!, {})!;
    const before = await facts(statement!);
    await db.query(happened!);
    expect(judge(trace, before, await facts(statement!)).verdict).toBe('unknown');
  });

  it.each(untraced)('has no trace: %s', (statement) => {
    expect(mysqlTracing.read(statement, {})).toBeUndefined();
  });

  it('a temporary table is gone with its session', () => {
    for (const statement of ['create temporary table x (id int)', 'drop temporary table x'])
      expect(judge(mysqlTracing.read(statement, {})!, {}, {}).verdict).toBe('not-done');
  });
});
