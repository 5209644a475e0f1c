import {
  begin,
  ddl,
  dml,
  end,
  flat,
  full,
  other,
  query,
  savepoint,
  session,
  upkeep,
  withRows,
} from './class-rows.js';
import type { ClassRow } from './rules.js';

const pragma = (names: string): RegExp => new RegExp(`^PRAGMA (?:\\S+ \\. )?(?:${names}) [=(]`);

/** sqlite.org/lang.html and pragma.html; what a transaction refuses was seen on 3.53. */
export const sqliteClasses: Readonly<Record<string, readonly ClassRow[]>> = {
  ALTER: [ddl],
  ANALYZE: [upkeep],
  ATTACH: [session],
  BEGIN: [begin],
  COMMIT: [end],
  CREATE: [{ when: flat(/^CREATE TEMP(?:ORARY)?\b/), kind: 'ddl', trace: 'ambiguous' }, ddl],
  DELETE: [dml],
  DETACH: [session],
  DROP: [ddl],
  END: [end],
  EXPLAIN: [query],
  INSERT: [dml],
  PRAGMA: [
    {
      when: full(pragma('JOURNAL_MODE')),
      ...session,
      outside: 'inside a transaction SQLite leaves WAL mode as it is, without an error',
    },
    {
      when: full(pragma('SYNCHRONOUS')),
      ...session,
      outside: 'SQLite cannot change the safety level inside a transaction',
    },
    {
      when: full(/^PRAGMA (?:\S+ \. )?WAL_CHECKPOINT\b/),
      ...upkeep,
      outside: 'the transaction itself locks the database',
    },
    { when: full(pragma('USER_VERSION|APPLICATION_ID')), kind: 'dml', trace: 'repeatable' },
    session,
  ],
  REINDEX: [upkeep],
  RELEASE: [savepoint],
  REPLACE: [dml],
  ROLLBACK: [{ when: flat(/^ROLLBACK (?:TRANSACTION )?TO\b/), ...savepoint }, end],
  SAVEPOINT: [savepoint],
  SELECT: [query],
  UPDATE: [dml],
  VACUUM: [
    { when: flat(/\bINTO\b/), ...other, outside: 'SQLite cannot VACUUM inside a transaction' },
    { ...upkeep, outside: 'SQLite cannot VACUUM inside a transaction' },
  ],
  VALUES: [query],
  WITH: withRows,
};
