import { expect, test } from 'vitest';
import { sameTokens } from '../../../src/sql/compare.js';
import { rules } from './corpus.js';

type Row = readonly [keyof typeof rules, string, string];

const same: readonly Row[] = [
  ['postgres', 'select 1', '-- c\nSELECT  /* d */\n1 '],
  ['postgres', 'create table T (Id INT);', 'create table t(\n  id int\n);\n'],
  ['postgres', 'select a=-1, b<-1', 'select a = -1, b < -1'],
  ['postgres', "select a::text||'x'", "select a :: text || 'x'"],
  ['postgres', "select 'a'\n'b'", "select 'a' -- c\n\n  'b'"],
  ['postgres', 'select a . b', 'select a.b'],
  ['postgres', "default 'x'", "default\n'x'"],
  ['mysql', 'CREATE TABLE t (a INT NOT NULL)', 'create table t(a int not null) # c'],
  ['mysql', "set @a := 'x'", "set @a:='x'"],
  ['mysql', 'select a<=>b', 'select a <=> b'],
  ['sqlite', 'create table T ([a b] text)', 'CREATE TABLE t ([a b] TEXT) -- c'],
  ['sqlite', 'select a||b', 'select a || b'],
  ['postgres', '', '-- only a comment'],
];

test.each(same)('%s: %j is %j', (dialect, a, b) => {
  expect(sameTokens(a, b, rules[dialect])).toBe(true);
  expect(sameTokens(b, a, rules[dialect])).toBe(true);
});

const different: readonly Row[] = [
  ['postgres', 'select 1', 'select 2'],
  ['postgres', 'select 1; select 2', 'select 1 select 2'],
  ['postgres', 'select 1;', 'select 1'],
  ['postgres', "select 'a'", "select 'A'"],
  ['postgres', 'select "a"', 'select "A"'],
  ['postgres', 'select É', 'select é'],
  ['postgres', 'do $$ a $$', 'do $$ A $$'],
  ['postgres', 'do $$ a $$', 'do $$  a $$'],
  ['postgres', 'do $$ -- c\n$$', 'do $$$$'],
  ['postgres', "select 'a'\n'b'", "select 'a' 'b'"],
  ['postgres', "select E'a'", "select E 'a'"],
  ['postgres', "select 'a''b'", "select 'a' 'b'"],
  ['postgres', 'select 1.5', 'select 1 .5'],
  ['postgres', 'select @-1', 'select @ -1'],
  ['postgres', 'select a<=b', 'select a< =b'],
  ['postgres', 'select a ~-1', 'select a ~ -1'],
  ['postgres', 'select $1', 'select $ 1'],
  ['mysql', 'select * from Users', 'select * from users'],
  ['mysql', 'select * from x.TABLE', 'select * from x.table'],
  ['mysql', 'select /*! 1 */', 'select 1'],
  ['mysql', '/*!50000 select 1 */', '/*!80000 select 1 */'],
  ['mysql', 'select /*+ A */ 1', 'select 1'],
  ['mysql', 'select 5--1', 'select 5 -- 1'],
  ['mysql', "select x'4d'", "select x '4d'"],
  ['sqlite', "select 'a", "select  'a"],
  ['sqlite', 'select [a b]', 'select [a  b]'],
];

test.each(different)('%s: %j is not %j', (dialect, a, b) => {
  expect(sameTokens(a, b, rules[dialect])).toBe(false);
  expect(sameTokens(b, a, rules[dialect])).toBe(false);
});

test('the session decides what a string is', () => {
  const [a, b] = ["select 'a\\' -- c", "SELECT 'a\\'"] as const;
  expect(sameTokens(a, b, rules.mysql)).toBe(false);
  expect(sameTokens(a, b, rules.mysql, { noBackslashEscapes: true })).toBe(true);
});

test('texts that do not lex are compared as they are', () => {
  expect(sameTokens("select '", "select '", rules.postgres)).toBe(true);
  expect(sameTokens("select '", "SELECT '", rules.postgres)).toBe(false);
});
