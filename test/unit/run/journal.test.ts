import { expect, it } from 'vitest';
import { makeUnits } from '../../../src/run/units.js';
import { classify } from '../../../src/sql/classify.js';
import { mysqlRules } from '../../../src/sql/mysql.js';
import { splitSql } from '../../../src/sql/split.js';

function units(sql: string, from = 0): string[] {
  const classes = splitSql(sql, mysqlRules).map((statement) => classify(statement, mysqlRules));
  return makeUnits(classes, from, false).map((unit) => `${unit.kind} ${unit.from}-${unit.to}`);
}

it.each<[string, string[]]>([
  ['create table a (id int); create table b (id int)', ['single 0-1', 'single 1-2']],
  [
    'insert into a values (1); update a set id = 2; select 1; create table b (id int)',
    ['group 0-3', 'single 3-4'],
  ],
  [
    'set names utf8mb4; create table a (id int); insert into a values (1)',
    ['session 0-1', 'single 1-2', 'group 2-3'],
  ],
  ['start transaction; insert into a values (1); commit; drop table a', ['own 0-3', 'single 3-4']],
  ['begin; insert into a values (1)', ['block 0-2']],
  ['call p(); insert into a values (1)', ['single 0-1', 'group 1-2']],
])('%s', (sql, expected) => {
  expect(units(sql)).toEqual(expected);
});

it('goes on in the middle', () => {
  expect(
    units('create table a (id int); insert into a values (1); insert into a values (2); drop table a', 2),
  ).toEqual(['group 2-3', 'single 3-4']);
});
