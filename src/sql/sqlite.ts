import { triggerBodies } from './bodies.js';
import type { SqlRules } from './rules.js';
import { sqliteClasses } from './sqlite-classes.js';

/** sqlite.org/lang.html, tokenize.c and complete.c; sqlite.org/cli.html for dot commands. Checked with 3.53. */
export const sqliteRules: SqlRules = {
  quotes: () => [
    { open: "'", close: "'", doubled: true, backslash: false, token: 'string' },
    { open: '"', close: '"', doubled: true, backslash: false, token: 'name' },
    { open: '`', close: '`', doubled: true, backslash: false, token: 'name' },
    { open: '[', close: ']', doubled: false, backslash: false, token: 'name' },
  ],
  escapeStrings: false,
  dollarQuotes: false,
  hashComments: false,
  dashNeedsSpace: false,
  nestedComments: false,
  openComments: true,
  executableComments: false,
  parentheses: false,
  copyData: false,
  delimiterCommand: false,
  client: {
    program: 'sqlite3',
    backslash: undefined,
    skipped: undefined,
    words: new Set(),
    dot: true,
  },
  blocks: triggerBodies,
  forbidden: () => undefined,
  operators: ['->>', '->', '||', '<=', '<>', '<<', '>=', '>>', '==', '!='],
  foldsCase: () => true,
  enumTypes: false,
  classes: sqliteClasses,
};
