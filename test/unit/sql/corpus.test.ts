import { describe, expect, test } from 'vitest';
import { DbpatError } from '../../../src/errors.js';
import { splitSql } from '../../../src/sql/split.js';
import type { Statement } from '../../../src/sql/statement.js';
import { corpus, moreCorpus, normalise, rules } from './corpus.js';

/** What stands between the statements: it must hold nothing that the engine would run. */
function gapsOf(text: string, statements: readonly Statement[]): readonly string[] {
  const starts = [...statements.map((s) => s.start), text.length];
  return starts.map((start, i) => text.slice(statements[i - 1]?.end ?? 0, start));
}

describe.each([
  ['reference', corpus],
  ['added', moreCorpus],
])('F110 corpus: %s', (_name, rows) => {
  test.each(rows)('F110 row $row ($dialect): $input', ({ dialect, input, expected }) => {
    const text = normalise(input);
    if (typeof expected === 'string') {
      const refusal = expect.objectContaining({ code: 'sql_invalid', hint: expect.any(String) });
      expect(() => splitSql(text, rules[dialect])).toThrow(refusal);
      if (expected === 'client') {
        expect(() => splitSql(text, rules[dialect])).toThrow(/is a command of (psql|mysql|sqlite3), not SQL/);
      }
      return;
    }
    const statements = splitSql(text, rules[dialect]);
    expect(statements).toHaveLength(expected);
    const gaps = gapsOf(text, statements);
    expect(gaps.map((gap, i) => gap + (statements[i]?.text ?? '')).join('')).toBe(text);
    const unnamed = /\\|delimiter/i.test(input) ? [] : gaps;
    for (const gap of unnamed) {
      expect(splitSql(gap, rules[dialect])).toEqual([]);
    }
    for (const { text: piece, start, end, line, column } of statements) {
      expect(text.slice(start, end)).toBe(piece);
      const before = text.slice(0, start).split('\n');
      expect({ line, column }).toEqual({ line: before.length, column: (before.at(-1) ?? '').length + 1 });
      expect(piece).toBe(piece.trim());
    }
  });
});

test('the corpus is complete', () => {
  expect(corpus.map(({ row }) => row)).toEqual(Array.from({ length: 83 }, (_, i) => i + 1));
});

test('F112 the data of COPY belong to their statement', () => {
  const text =
    "copy t from stdin;\n1\ta;b\n2\t\\\\.;'\n\\.\n\n-- c\nselect 1;\ncopy u (a) from stdin with csv;\n\\.\n";
  expect(splitSql(text, rules.postgres)).toEqual([
    { text: 'copy t from stdin', start: 0, end: 17, line: 1, column: 1, copyData: "1\ta;b\n2\t\\\\.;'\n" },
    { text: 'select 1', start: 42, end: 50, line: 7, column: 1 },
    { text: 'copy u (a) from stdin with csv', start: 52, end: 82, line: 8, column: 1, copyData: '' },
  ]);
});

test('F115 nothing in the text is replaced', () => {
  const text = ["select '$", "{HOME} $1 :name ? {{x}} @a', $", '{HOME}, :name, ?, $1'].join('');
  for (const dialect of ['postgres', 'mysql', 'sqlite'] as const) {
    expect(splitSql(`${text};`, rules[dialect]).map((s) => s.text)).toEqual([text]);
  }
});

test('F113 an origin moves offsets and lines, not columns', () => {
  const text = '-- first\n  select 1;\nselect 2';
  expect(splitSql(text, rules.sqlite, { origin: { line: 10, offset: 300 } })).toEqual([
    { text: 'select 1', start: 311, end: 319, line: 11, column: 3 },
    { text: 'select 2', start: 321, end: 329, line: 12, column: 1 },
  ]);
});

test('the session decides about backslashes and double quotes on MySQL', () => {
  const counts = (text: string, options = {}) => splitSql(text, rules.mysql, options).length;
  expect(counts("select 'a\\'; select 2;", { noBackslashEscapes: true })).toBe(2);
  expect(counts('select "a\\"; select 2;', { ansiQuotes: true })).toBe(2);
  expect(() => counts("select 'a\\'; select 2;")).toThrow(DbpatError);
});

test('a text of 5 MB finishes, however it is made', () => {
  const size = 5_000_000;
  const many = splitSql("insert into t values ('a;b', 1);\n".repeat(size / 33), rules.postgres);
  expect(many).toHaveLength(Math.floor(size / 33));
  expect(many.at(-1)?.line).toBe(many.length);
  const nested = `select ${'('.repeat(size / 4)}1${')'.repeat(size / 4)};${'/*'.repeat(size / 8)}${'*/'.repeat(size / 8)}`;
  expect(splitSql(nested, rules.postgres)).toHaveLength(1);
  expect(splitSql(`select E'${"a'\n'".repeat(size / 4)}'`, rules.postgres)).toHaveLength(1);
  expect(splitSql('$a'.repeat(size / 2), rules.postgres)).toHaveLength(1);
  expect(
    splitSql(`begin not atomic ${'begin '.repeat(size / 12)}${'end; '.repeat(size / 12 + 1)}`, rules.mysql)
      .length,
  ).toBe(1);
  expect(splitSql(`select '${'x'.repeat(size)}'`, rules.sqlite)).toHaveLength(1);
});
