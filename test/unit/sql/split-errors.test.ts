import { expect, test } from 'vitest';
import { DbpatError } from '../../../src/errors.js';
import { splitSql } from '../../../src/sql/split.js';
import { rules } from './corpus.js';

function refusal(dialect: keyof typeof rules, text: string, options = {}): string {
  try {
    splitSql(text, rules[dialect], options);
  } catch (error) {
    if (!(error instanceof DbpatError)) throw error;
    const { line, column } = error.details;
    expect(error.code).toBe('sql_invalid');
    expect(error.hint).toBeTruthy();
    return `${line}:${column} ${error.message}`;
  }
  return 'accepted';
}

const rows: readonly (readonly [keyof typeof rules, string, string])[] = [
  ['postgres', "select 1;\n  select 'abc;\n", "2:10 the quote ' is never closed"],
  ['postgres', "select E'abc\\'", "1:9 the quote ' is never closed"],
  ['postgres', '-- 😀\n/* 😀 */ select "a', '2:17 the quote " is never closed'],
  ['postgres', 'do $x$ begin; $X$', '1:4 the quote $x$ is never closed'],
  ['postgres', 'select 1;\n/* a /* b */', '2:1 the comment /* is never closed'],
  ['postgres', 'select 1,\n (2, (3);\nselect 4;', '2:2 the parenthesis is never closed'],
  ['postgres', 'create function f()\nbegin atomic select 1;\n', '2:7 the block is never closed'],
  ['postgres', 'select 1;\n\tselect \0', '2:9 the text holds a NUL character'],
  ['postgres', 'copy t from stdin;\n1\n2\n', '1:1 the data of COPY … FROM STDIN never end'],
  [
    'postgres',
    'copy t from stdin;select 1;\n\\.\n',
    '1:19 text stands between COPY … FROM STDIN; and its data',
  ],
  ['mysql', 'select 1;\nselect `a', '2:8 the quote ` is never closed'],
  ['mysql', "select 'a\\'", "1:8 the quote ' is never closed"],
  ['mysql', 'select 1 /* x', '1:10 the comment /* is never closed'],
  ['mysql', 'select 1;\n/*!40101 select 1', '2:1 the comment /*! is never closed'],
  ['mysql', '/*!40101 select 1; */', '1:18 a statement ends inside the comment /*! */'],
  ['mysql', 'delimiter //\n/*!40101 select 1 // */', '2:19 a statement ends inside the comment /*! */'],
  ['mysql', 'create procedure p()\n begin select 1;', '2:2 the block is never closed'],
  ['mysql', 'select 1; delimiter //', '1:11 DELIMITER does not begin its line'],
  ['mysql', 'select 1;\ndelimiter', '2:1 DELIMITER names no delimiter'],
  ['mysql', 'delimiter \\\n', '1:1 DELIMITER names no delimiter'],
  ['sqlite', 'select 1;\nselect [a', '2:8 the quote [ is never closed'],
  ['sqlite', 'create trigger t after insert on u\nbegin\nselect 1;', '2:1 the block is never closed'],
];

test.each(rows)('F110 F113 %s: %j is refused at its place', (dialect, text, expected) => {
  expect(refusal(dialect, text)).toBe(expected);
});

const commands: readonly (readonly [keyof typeof rules, string, string])[] = [
  ['postgres', 'select 1;\n\\connect other\n', '2:1 \\connect is a command of psql, not SQL'],
  ['postgres', '  \\copy t from x', '1:3 \\copy is a command of psql, not SQL'],
  ['postgres', 'select 1 \\gset\n', '1:10 \\gset is a command of psql, not SQL'],
  ['postgres', 'select 1 \\restrict x\n', '1:10 \\restrict is a command of psql, not SQL'],
  ['postgres', '\\restrictx\n', '1:1 \\restrictx is a command of psql, not SQL'],
  ['postgres', '\\set ON_ERROR_STOP on', '1:1 \\set is a command of psql, not SQL'],
  ['mysql', 'SOURCE other.sql\nselect 1;', '1:1 SOURCE is a command of mysql, not SQL'],
  ['mysql', 'select 1\\G\n', '1:9 \\G is a command of mysql, not SQL'],
  ['mysql', '\n\\. other.sql', '2:1 \\. is a command of mysql, not SQL'],
  ['sqlite', '.read x.sql\nselect 1;', '1:1 .read is a command of sqlite3, not SQL'],
  ['sqlite', 'select 1;\n .tables', '2:2 .tables is a command of sqlite3, not SQL'],
];

test.each(commands)('F111 %s: %j is refused', (dialect, text, expected) => {
  expect(refusal(dialect, text)).toBe(expected);
});

test('F111 lines that pg_dump puts around its output are left out', () => {
  const text = '--\n-- dump\n\\restrict aBc\n\nselect 1;\n  \\unrestrict aBc\n\n';
  expect(splitSql(text, rules.postgres)).toMatchObject([{ text: 'select 1', line: 5, column: 1 }]);
});

test('F111 a word of the client is a name anywhere else', () => {
  expect(splitSql('select source from status;\nalter table t add source int', rules.mysql)).toHaveLength(2);
});

test('F113 a refusal is placed in the file that the text comes from', () => {
  expect(refusal('sqlite', "\n select '", { origin: { line: 40, offset: 900 } })).toBe(
    "41:9 the quote ' is never closed",
  );
});
