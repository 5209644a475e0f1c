import { atomicBodies } from './bodies.js';
import { postgresClasses } from './postgres-classes.js';
import type { SqlRules } from './rules.js';

const standardStringsOff =
  /^SET\s+(?:SESSION\s+|LOCAL\s+)?standard_conforming_strings\s*(?:=|\sTO\s)\s*'?(?:off|false|no|0)\b/i;

/** PostgreSQL manual 4.1, with `standard_conforming_strings = on`; psql's manual for its commands. Checked with 15 and 18. */
export const postgresRules: SqlRules = {
  quotes: () => [
    { open: "'", close: "'", doubled: true, backslash: false, token: 'string' },
    { open: '"', close: '"', doubled: true, backslash: false, token: 'name' },
  ],
  escapeStrings: true,
  dollarQuotes: true,
  hashComments: false,
  dashNeedsSpace: false,
  nestedComments: true,
  openComments: false,
  executableComments: false,
  parentheses: true,
  copyData: true,
  delimiterCommand: false,
  client: {
    program: 'psql',
    backslash: { except: '' },
    // pg_dump 15.14 and later brackets its output with them
    skipped: /\\(?:un)?restrict\b[^\n]*/y,
    words: new Set(),
    dot: false,
  },
  blocks: atomicBodies,
  forbidden: (statement) =>
    standardStringsOff.test(statement)
      ? 'standard_conforming_strings is switched off, and the text after it would be read otherwise'
      : undefined,
  operators: 'run',
  foldsCase: () => true,
  enumTypes: true,
  classes: postgresClasses,
};
