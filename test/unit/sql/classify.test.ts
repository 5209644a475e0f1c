import { describe, expect, test } from 'vitest';
import { classify, newEnumValueUse } from '../../../src/sql/classify.js';
import { splitSql } from '../../../src/sql/split.js';
import type { Statement } from '../../../src/sql/statement.js';
import { rules } from './corpus.js';

const statement = (text: string): Statement => ({ text, start: 0, end: text.length, line: 1, column: 1 });

/** `kind trace [begin|end] [outside]: words`. */
function summary(dialect: keyof typeof rules, sql: string): string {
  const { kind, trace, boundary, outsideTransaction, words } = classify(statement(sql), rules[dialect]);
  const marks = [boundary, outsideTransaction === undefined ? undefined : 'outside'].filter(Boolean);
  return `${[kind, trace, ...marks].join(' ')}: ${words}`;
}

const postgres: readonly (readonly [string, string])[] = [
  ['create table users (id int)', 'ddl catalogue: CREATE TABLE'],
  ['create table if not exists users (id int)', 'ddl repeatable: CREATE TABLE IF NOT EXISTS'],
  ['create unlogged table x as select 1', 'ddl catalogue: CREATE UNLOGGED TABLE'],
  ['create temp table x (a int)', 'ddl ambiguous: CREATE TEMP TABLE'],
  [
    '/* c */ create -- d\n unique index concurrently i on t (a)',
    'ddl catalogue outside: CREATE UNIQUE INDEX CONCURRENTLY',
  ],
  [
    'create index concurrently if not exists i on t (a)',
    'ddl catalogue outside: CREATE INDEX CONCURRENTLY IF NOT',
  ],
  ['create index "concurrently" on t (a)', 'ddl catalogue: CREATE INDEX'],
  ['create index i on t (concurrently)', 'ddl catalogue: CREATE INDEX'],
  ['drop index concurrently if exists i', 'ddl repeatable outside: DROP INDEX CONCURRENTLY IF EXISTS'],
  ['drop index i', 'ddl catalogue: DROP INDEX'],
  ['reindex table concurrently t', 'other repeatable outside: REINDEX TABLE CONCURRENTLY'],
  ['reindex (verbose, concurrently) index i', 'other repeatable outside: REINDEX INDEX'],
  ['reindex (concurrently false) index i', 'other repeatable: REINDEX INDEX'],
  ['reindex schema s', 'other repeatable outside: REINDEX SCHEMA'],
  ['reindex database d', 'other repeatable outside: REINDEX DATABASE'],
  ['reindex system d', 'other repeatable outside: REINDEX SYSTEM'],
  ['reindex table t', 'other repeatable: REINDEX TABLE'],
  ['vacuum (analyze) t', 'other repeatable outside: VACUUM'],
  ['analyze t', 'other repeatable: ANALYZE'],
  ['cluster', 'other repeatable outside: CLUSTER'],
  ['cluster verbose', 'other repeatable outside: CLUSTER'],
  ['cluster t using i', 'other repeatable: CLUSTER'],
  ['create database d', 'ddl catalogue outside: CREATE DATABASE'],
  ['drop database if exists d', 'ddl repeatable outside: DROP DATABASE IF EXISTS'],
  ["create tablespace x location '/x'", 'ddl catalogue outside: CREATE TABLESPACE'],
  ['drop tablespace x', 'ddl catalogue outside: DROP TABLESPACE'],
  ["alter system set work_mem = '1MB'", 'other repeatable outside: ALTER SYSTEM'],
  ['alter database d set tablespace x', 'ddl catalogue outside: ALTER DATABASE'],
  ['alter database d set work_mem = 1', 'ddl catalogue: ALTER DATABASE'],
  ["create subscription s connection '' publication p", 'ddl catalogue outside: CREATE SUBSCRIPTION'],
  [
    "create subscription s connection '' publication p with (create_slot = false)",
    'ddl catalogue: CREATE SUBSCRIPTION',
  ],
  [
    "create subscription s connection '' publication p with (connect = off)",
    'ddl catalogue: CREATE SUBSCRIPTION',
  ],
  ['alter subscription s refresh publication', 'ddl catalogue outside: ALTER SUBSCRIPTION'],
  ['alter subscription s add publication q with (refresh = false)', 'ddl catalogue: ALTER SUBSCRIPTION'],
  ['alter subscription s set (failover = true)', 'ddl catalogue outside: ALTER SUBSCRIPTION'],
  ['alter subscription s enable', 'ddl catalogue: ALTER SUBSCRIPTION'],
  ['drop subscription s', 'ddl catalogue outside: DROP SUBSCRIPTION'],
  ['alter table m detach partition s.p concurrently', 'ddl catalogue outside: ALTER TABLE'],
  ['alter table m detach partition p', 'ddl catalogue: ALTER TABLE'],
  ['alter table if exists only t add column a int', 'ddl catalogue: ALTER TABLE IF EXISTS ONLY'],
  ['alter table t add column if not exists a int', 'ddl repeatable: ALTER TABLE'],
  [
    'alter table t add column if not exists a numeric(1, 2), drop constraint if exists c',
    'ddl repeatable: ALTER TABLE',
  ],
  ['alter table t add column if not exists a int, add b int', 'ddl catalogue: ALTER TABLE'],
  ["alter type e add value 'x'", 'ddl catalogue: ALTER TYPE'],
  ["alter type e add value if not exists 'x'", 'ddl repeatable: ALTER TYPE'],
  ['discard all', 'session repeatable outside: DISCARD ALL'],
  ['discard temp', 'session repeatable: DISCARD TEMP'],
  ['create or replace view v as select 1', 'ddl repeatable: CREATE OR REPLACE VIEW'],
  ['create materialized view v as select 1', 'ddl catalogue: CREATE MATERIALIZED VIEW'],
  ['refresh materialized view concurrently v', 'other repeatable: REFRESH MATERIALIZED VIEW CONCURRENTLY'],
  ["comment on table t is 'x'", 'ddl repeatable: COMMENT'],
  ['grant select on t to u', 'ddl repeatable: GRANT SELECT'],
  ['truncate t', 'dml ambiguous: TRUNCATE'],
  ['insert into t values (1)', 'dml ambiguous: INSERT INTO'],
  ['update t set a = 1', 'dml ambiguous: UPDATE'],
  ['merge into t using s on true when matched then delete', 'dml ambiguous: MERGE INTO'],
  ['with x as (select 1) insert into t select * from x', 'dml ambiguous: WITH'],
  ['with x as (insert into t values (1) returning *) select * from x', 'dml ambiguous: WITH'],
  ['with insert as (select 1) select * from "update", insert', 'query repeatable: WITH'],
  ['with recursive x (a) as (select 1) select * from x', 'query repeatable: WITH RECURSIVE'],
  ['select 1', 'query repeatable: SELECT'],
  ['(select 1) union (select 2)', 'query repeatable: UNION'],
  ['select * into x from t', 'ddl catalogue: SELECT'],
  ['select (select 1 into x)', 'query repeatable: SELECT'],
  ['explain select 1', 'query repeatable: EXPLAIN SELECT'],
  ['explain analyze delete from t', 'other ambiguous: EXPLAIN ANALYZE DELETE FROM'],
  ['explain (costs, analyze) delete from t', 'other ambiguous: EXPLAIN DELETE FROM'],
  ['copy t from stdin', 'dml ambiguous: COPY'],
  ['copy t to stdout', 'other ambiguous: COPY'],
  ['do $$ begin end $$', 'other ambiguous: DO'],
  ['call p()', 'other ambiguous: CALL'],
  ['execute p', 'other ambiguous: EXECUTE'],
  ['set search_path = x', 'session repeatable: SET'],
  ['set local role x', 'session repeatable: SET LOCAL ROLE'],
  ['lock table t', 'session repeatable: LOCK TABLE'],
  ['prepare p as select 1', 'session repeatable: PREPARE'],
  ['begin', 'transaction ambiguous begin: BEGIN'],
  ['start transaction isolation level serializable', 'transaction ambiguous begin: START TRANSACTION'],
  ['commit', 'transaction ambiguous end: COMMIT'],
  ['end transaction', 'transaction ambiguous end: END TRANSACTION'],
  ['abort', 'transaction ambiguous end: ABORT'],
  ['rollback', 'transaction ambiguous end: ROLLBACK'],
  ['rollback to savepoint s', 'transaction ambiguous: ROLLBACK TO SAVEPOINT'],
  ['rollback work to s', 'transaction ambiguous: ROLLBACK WORK TO'],
  ['savepoint s', 'transaction ambiguous: SAVEPOINT'],
  ['release s', 'transaction ambiguous: RELEASE'],
  ["prepare transaction 'x'", 'transaction ambiguous end: PREPARE TRANSACTION'],
  ["commit prepared 'x'", 'transaction ambiguous outside: COMMIT PREPARED'],
  ['frobnicate t', 'other ambiguous: FROBNICATE'],
];

const mysql: readonly (readonly [string, string])[] = [
  ['create table t (a int)', 'ddl catalogue: CREATE TABLE'],
  ['create table t as select 1', 'ddl ambiguous: CREATE TABLE'],
  ['create table if not exists t (a int) select 1 as a', 'ddl ambiguous: CREATE TABLE IF NOT EXISTS'],
  ['create table t (select 1 as a)', 'ddl ambiguous: CREATE TABLE'],
  ['create or replace table t (a int)', 'ddl ambiguous: CREATE OR REPLACE TABLE'],
  ['create temporary table t (a int)', 'ddl ambiguous: CREATE TEMPORARY TABLE'],
  ['create or replace view v as select 1', 'ddl repeatable: CREATE OR REPLACE VIEW'],
  ['alter table t add a int, algorithm=instant', 'ddl catalogue: ALTER TABLE'],
  ['rename table a to b', 'ddl catalogue: RENAME TABLE'],
  ['truncate t', 'ddl ambiguous: TRUNCATE'],
  ['/*!40101 SET NAMES utf8 */', 'session repeatable: SET'],
  ['set @a = (select 1), @@session.x = 2', 'session repeatable: SET'],
  ['set global x = 1', 'other ambiguous: SET GLOBAL'],
  ['set @@global.x = 1', 'other ambiguous: SET'],
  ["set password for u = 'x'", 'other ambiguous: SET'],
  ['set statement max_statement_time = 1 for alter table t add a int', 'ddl catalogue: SET'],
  ['use d', 'session repeatable: USE'],
  ['lock tables t write', 'session repeatable: LOCK TABLES'],
  ['unlock tables', 'session repeatable: UNLOCK TABLES'],
  ["prepare s from 'select 1'", 'session repeatable: PREPARE'],
  ['deallocate prepare s', 'session repeatable: DEALLOCATE PREPARE'],
  ['execute s', 'other ambiguous: EXECUTE'],
  ['do sleep(1)', 'other ambiguous: DO'],
  ['call p()', 'other ambiguous: CALL'],
  ["select 1 into outfile 'x'", 'other ambiguous: SELECT'],
  ['select 1 into @a', 'session repeatable: SELECT'],
  ['select 1', 'query repeatable: SELECT'],
  ['show tables', 'query repeatable: SHOW TABLES'],
  ['describe t', 'query repeatable: DESCRIBE'],
  ['explain analyze select 1', 'other ambiguous: EXPLAIN ANALYZE SELECT'],
  ['analyze table t', 'other repeatable: ANALYZE TABLE'],
  ['analyze update t set a = 1', 'dml ambiguous: ANALYZE UPDATE'],
  ['optimize table t', 'other repeatable: OPTIMIZE TABLE'],
  ['replace into t values (1)', 'dml ambiguous: REPLACE INTO'],
  ["load data infile 'x' into table t", 'dml ambiguous: LOAD DATA'],
  ['with x as (select 1) update t set a = 1', 'dml ambiguous: WITH'],
  ['begin', 'transaction ambiguous begin: BEGIN'],
  ['begin work', 'transaction ambiguous begin: BEGIN WORK'],
  ['begin not atomic select 1; end', 'other ambiguous: BEGIN NOT ATOMIC SELECT'],
  ['start transaction', 'transaction ambiguous begin: START TRANSACTION'],
  ['rollback to savepoint s', 'transaction ambiguous: ROLLBACK TO SAVEPOINT'],
  ['rollback', 'transaction ambiguous end: ROLLBACK'],
  ["xa start 'x'", 'transaction ambiguous begin: XA START'],
  ["xa end 'x'", 'transaction ambiguous: XA END'],
  ["xa commit 'x'", 'transaction ambiguous end: XA COMMIT'],
  ['revoke select on t from u', 'ddl ambiguous: REVOKE SELECT'],
];

const sqlite: readonly (readonly [string, string])[] = [
  ['create table t (a)', 'ddl catalogue: CREATE TABLE'],
  ['create virtual table t using fts5(a)', 'ddl catalogue: CREATE VIRTUAL TABLE'],
  ['drop table if exists t', 'ddl repeatable: DROP TABLE IF EXISTS'],
  ['vacuum', 'other repeatable outside: VACUUM'],
  ["vacuum into 'x'", 'other ambiguous outside: VACUUM INTO'],
  ["attach 'x' as y", 'session repeatable: ATTACH'],
  ['detach y', 'session repeatable: DETACH'],
  ['pragma foreign_keys = off', 'session repeatable: PRAGMA'],
  ['pragma journal_mode', 'session repeatable: PRAGMA'],
  ['pragma main.journal_mode = wal', 'session repeatable outside: PRAGMA'],
  ['pragma journal_mode(delete)', 'session repeatable outside: PRAGMA'],
  ['pragma synchronous = off', 'session repeatable outside: PRAGMA'],
  ['pragma wal_checkpoint', 'other repeatable outside: PRAGMA'],
  ['pragma user_version = 3', 'dml repeatable: PRAGMA'],
  ['begin immediate', 'transaction ambiguous begin: BEGIN IMMEDIATE'],
  ['end', 'transaction ambiguous end: END'],
  ['rollback transaction to s', 'transaction ambiguous: ROLLBACK TRANSACTION TO'],
  ['replace into t values (1)', 'dml ambiguous: REPLACE INTO'],
  ['explain query plan delete from t', 'query repeatable: EXPLAIN'],
  ['values (1)', 'query repeatable: VALUES'],
];

describe('a statement is classified by its words', () => {
  test.each(postgres)('PostgreSQL: %s', (sql, expected) => {
    expect(summary('postgres', sql)).toBe(expected);
    expect(summary('postgres', sql.toUpperCase())).toBe(expected);
  });
  test.each(mysql)('MySQL: %s', (sql, expected) => {
    expect(summary('mysql', sql)).toBe(expected);
  });
  test.each(sqlite)('SQLite: %s', (sql, expected) => {
    expect(summary('sqlite', sql)).toBe(expected);
  });
});

test('what does not lex is not known', () => {
  const unknown = { kind: 'other', words: '', trace: 'ambiguous' };
  expect(classify(statement("select '"), rules.postgres)).toEqual(unknown);
  expect(classify(statement("select 'a\\'"), rules.mysql)).toEqual(unknown);
  expect(classify(statement("select 'a\\'"), rules.mysql, { noBackslashEscapes: true }).kind).toBe('query');
});

test('F68 the reason is a clause for a message', () => {
  expect(classify(statement('create index concurrently i on t (a)'), rules.postgres).outsideTransaction).toBe(
    'PostgreSQL refuses it inside a transaction block: a concurrent build or removal commits in between',
  );
});

describe('F67 a new enum value', () => {
  const use = (sql: string) => newEnumValueUse(splitSql(sql, rules.postgres), rules.postgres);

  test.each([
    ["alter type e add value 'b'; insert into t values ('b')", { index: 1, value: 'b' }],
    [
      "create type e as enum ('a'); alter type s.e add value if not exists 'b' after 'a'; select 'b'::e",
      { index: 2, value: 'b' },
    ],
    [
      "alter type e add value 'it''s'; alter table t alter a set default 'it''s'",
      { index: 1, value: "it's" },
    ],
    ["alter type e add value 'b'; select 1; do $$ begin perform 'b'::e; end $$", { index: 2, value: 'b' }],
    [
      "alter type e add value 'b'; create function f() returns e language sql as $$ select 'b'::e $$",
      { index: 1, value: 'b' },
    ],
    ["alter type e add value 'b'; select $x$b$x$::e", { index: 1, value: 'b' }],
  ])('F67 used: %s', (sql, expected) => {
    expect(use(sql)).toEqual(expected);
  });

  test.each([
    "insert into t values ('b'); alter type e add value 'b'",
    "alter type e add value 'b'; insert into t values ('B')",
    "alter type e add value 'b'; alter type e add value 'c' before 'b'",
    "alter type e add value 'b'; comment on type e is 'b'",
    "alter type e add value 'b'; select \"b\" from t -- 'b'",
    "alter type e add value 'b'; create function f() returns e language plpgsql as $$ begin return 'b'; end $$",
    "alter type e rename value 'a' to 'b'; select 'b'::e",
  ])('F67 not used: %s', (sql) => {
    expect(use(sql)).toBeUndefined();
  });

  test('F67 other databases have none', () => {
    const statements = ["alter type e add value 'b'", "select 'b'"].map(statement);
    expect(newEnumValueUse(statements, rules.mysql)).toBeUndefined();
  });
});
