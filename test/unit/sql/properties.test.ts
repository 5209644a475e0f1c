import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DbpatError } from '../../../src/errors.js';
import { classify } from '../../../src/sql/classify.js';
import { sameTokens } from '../../../src/sql/compare.js';
import { splitSql } from '../../../src/sql/split.js';
import type { Statement } from '../../../src/sql/statement.js';
import { rules } from './corpus.js';
import { scripts } from './statements.js';

const dialects = ['postgres', 'mysql', 'sqlite'] as const;
/** Small pieces that make lexers stumble. */
const fragments = fc
  .array(
    fc.constantFrom(
      ...[
        "'",
        '"',
        '`',
        '$$',
        '$a$',
        ';',
        '--',
        '-- ',
        '/*',
        '*/',
        '/*!',
        '#',
        '\n',
        ' ',
        '(',
        ')',
        '\\',
        '[',
        ']',
      ],
      ...[
        'begin',
        'end',
        'case',
        'if',
        'create',
        'trigger',
        'procedure',
        'function',
        'atomic',
        'a',
        '1',
        'E',
        'é',
        '😀',
      ],
      ...['copy', 'from', 'stdin', '\\.', 'delimiter', '//', '.', '@', ':', '='],
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

function splitOrRefuse(text: string, dialect: keyof typeof rules): readonly Statement[] | DbpatError {
  try {
    return splitSql(text, rules[dialect]);
  } catch (error) {
    if (error instanceof DbpatError) return error;
    throw error;
  }
}

describe.each(dialects)('%s', (dialect) => {
  test('F110 n statements give n', () => {
    fc.assert(
      fc.property(scripts(dialect), ({ text, parts }) => {
        expect(splitSql(text, rules[dialect]).map((s) => s.text)).toEqual(parts);
      }),
      { numRuns: 300 },
    );
  });

  test('F113 positions are those of the text, or the text is refused with one', () => {
    fc.assert(
      fc.property(fragments, fc.nat(50), fc.integer({ min: 1, max: 9 }), (text, offset, line) => {
        const result = splitOrRefuse(text, dialect);
        const lines = text.split('\n');
        if (result instanceof DbpatError) {
          expect(result.code).toBe('sql_invalid');
          const { line: at = 0, column = 0 } = result.details;
          expect(at >= 1 && at <= lines.length).toBe(true);
          expect(column >= 1 && column <= (lines[at - 1]?.length ?? 0) + 1).toBe(true);
          return;
        }
        for (const s of result) {
          expect(text.slice(s.start, s.end)).toBe(s.text);
          expect(s.text).toBe(s.text.trim());
          expect(lines[s.line - 1]?.slice(s.column - 1)).toBe(text.slice(s.start).split('\n')[0]);
        }
        const starts = result.map((s) => s.start);
        expect(starts).toEqual(starts.toSorted((a, b) => a - b));
        const moved = splitSql(text, rules[dialect], { origin: { line, offset } });
        expect(moved).toEqual(
          result.map((s) => ({
            ...s,
            start: s.start + offset,
            end: s.end + offset,
            line: s.line + line - 1,
          })),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('a statement is one statement when it is split again', () => {
    fc.assert(
      fc.property(scripts(dialect), ({ text }) => {
        for (const s of splitSql(text, rules[dialect])) {
          expect(splitSql(s.text, rules[dialect])).toMatchObject([{ text: s.text, start: 0 }]);
        }
      }),
    );
  });

  test('any text can be classified and compared', () => {
    fc.assert(
      fc.property(fragments, fragments, (a, b) => {
        const statement = { text: a, start: 0, end: a.length, line: 1, column: 1 };
        expect(classify(statement, rules[dialect]).kind).toBeTypeOf('string');
        expect(sameTokens(a, a, rules[dialect])).toBe(true);
        expect(sameTokens(a, b, rules[dialect])).toBe(sameTokens(b, a, rules[dialect]));
      }),
      { numRuns: 1000 },
    );
  });
});
