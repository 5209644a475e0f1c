import { compoundBlocks } from './mysql-blocks.js';
import { mysqlClasses, unwrapMysql } from './mysql-classes.js';
import { mysqlReserved } from './mysql-words.js';
import type { SqlRules } from './rules.js';

const clientWords =
  'SOURCE SYSTEM TEE NOTEE PAGER NOPAGER PROMPT REHASH CONNECT CHARSET STATUS CLEAR EGO GO EDIT PRINT EXIT QUIT ' +
  'WARNINGS NOWARNING';

/**
 * MySQL 8.4 manual 11.1, 11.6 and 6.5.1.2, MariaDB "Lexical Structure"; checked with MariaDB 10.11. `LexOptions` are
 * the `sql_mode` of the session; `ORACLE` is not understood.
 */
export const mysqlRules: SqlRules = {
  quotes: ({ noBackslashEscapes = false, ansiQuotes = false }) => [
    { open: "'", close: "'", doubled: true, backslash: !noBackslashEscapes, token: 'string' },
    {
      open: '"',
      close: '"',
      doubled: true,
      backslash: !noBackslashEscapes && !ansiQuotes,
      token: ansiQuotes ? 'name' : 'string',
    },
    { open: '`', close: '`', doubled: true, backslash: false, token: 'name' },
  ],
  escapeStrings: false,
  dollarQuotes: false,
  hashComments: true,
  dashNeedsSpace: true,
  nestedComments: false,
  openComments: false,
  executableComments: true,
  parentheses: false,
  copyData: false,
  delimiterCommand: true,
  client: {
    program: 'mysql',
    // \N is a value
    backslash: { except: 'N' },
    skipped: undefined,
    words: new Set(clientWords.split(' ')),
    dot: false,
  },
  blocks: compoundBlocks,
  forbidden: () => undefined,
  operators: ['<=>', '->>', '->', ':=', '<=', '<>', '<<', '>=', '>>', '!=', '&&', '||'],
  foldsCase: (word, qualified) => !qualified && mysqlReserved.has(word),
  enumTypes: false,
  classes: mysqlClasses,
  unwrap: unwrapMysql,
};
