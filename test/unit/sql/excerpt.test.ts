import { expect, it } from 'vitest';
import { excerpt } from '../../../src/sql/excerpt.js';
import { mysqlRules } from '../../../src/sql/mysql.js';
import { postgresRules } from '../../../src/sql/postgres.js';

it.each([
  ["create user x identified by 'hunter2'", 'create user x …'],
  ["alter role x password 'hunter2'", 'alter role x …'],
  ['select\n\t1', 'select 1'],
  [
    "insert into t values ('a''b', 'c'),\n  (E'd\\'e', $x$f$x$)",
    "insert into t values ('…', '…'), ('…', '…')",
  ],
  ['select "name" /* hunter2 */ from t -- hunter2', 'select "name" from t'],
  ["select 'open", 'select …'],
])('F155 an excerpt holds no values: %j', (text, shown) => {
  expect(excerpt(text, postgresRules)).toBe(shown);
});

it('F155 knows what a string is on MySQL', () => {
  expect(excerpt('insert into t values ("a\\"b", `c`)', mysqlRules)).toBe("insert into t values ('…', `c`)");
});

it('is cut', () => {
  const text = excerpt(`select ${'a, '.repeat(500)} b`, postgresRules);
  expect([text.length, text.at(-1)]).toEqual([120, '…']);
});
