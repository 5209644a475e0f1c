import type { ClassRow, Head } from './rules.js';

/** Holds when the words outside parentheses match. */
export const flat =
  (pattern: RegExp) =>
  (head: Head): boolean =>
    pattern.test(head.flat);

/** Holds when the first words, those in parentheses too, match. */
export const full =
  (pattern: RegExp) =>
  (head: Head): boolean =>
    pattern.test(head.full);

export const ddl: ClassRow = { kind: 'ddl' };
export const dml: ClassRow = { kind: 'dml' };
export const query: ClassRow = { kind: 'query' };
export const session: ClassRow = { kind: 'session' };
export const other: ClassRow = { kind: 'other' };
/** Harmless to repeat, although it is none of the known kinds. */
export const upkeep: ClassRow = { kind: 'other', trace: 'repeatable' };
export const begin: ClassRow = { kind: 'transaction', boundary: 'begin' };
export const end: ClassRow = { kind: 'transaction', boundary: 'end' };
export const savepoint: ClassRow = { kind: 'transaction' };

const writes = ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE'];

/** The word after the named queries, whose bodies stand in parentheses and are not here. */
const afterNamed =
  /^WITH (?:RECURSIVE )?(?:\S+ AS (?:NOT )?(?:MATERIALIZED )?, )*\S+ AS (?:NOT )?(?:MATERIALIZED )?(\w+)/;

function writesAtLast(flat: string): boolean {
  const verb = afterNamed.exec(flat)?.[1];
  if (verb !== undefined && [...writes, 'SELECT', 'VALUES', 'TABLE'].includes(verb))
    return writes.includes(verb);
  return / (?:INSERT|UPDATE|DELETE|MERGE|REPLACE)\b(?! AS\b| ,)/.test(flat);
}

/** `WITH … verb`: the verb after the last of the named queries; a named query that writes makes it `dml`. */
export const withRows: readonly ClassRow[] = [
  {
    when: ({ flat: words, nested }) => writes.some((word) => nested.has(word)) || writesAtLast(words),
    kind: 'dml',
  },
  query,
];
