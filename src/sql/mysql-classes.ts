import {
  begin,
  ddl,
  dml,
  end,
  flat,
  other,
  query,
  savepoint,
  session,
  upkeep,
  withRows,
} from './class-rows.js';
import type { ClassRow, Head } from './rules.js';

/**
 * MySQL 8.4 manual chapter 15 (15.3.3: what commits implicitly) and MariaDB 10.11. No statement of a migration is refused
 * for standing in a transaction: it ends the transaction.
 */
export const mysqlClasses: Readonly<Record<string, readonly ClassRow[]>> = {
  ALTER: [{ when: flat(/^ALTER USER\b/), kind: 'ddl', trace: 'repeatable' }, ddl],
  ANALYZE: [
    { when: flat(/\b(?:INSERT|UPDATE|DELETE|REPLACE)\b/), ...dml },
    { when: flat(/\bSELECT\b/), ...query },
    upkeep,
  ],
  BEGIN: [{ when: flat(/^BEGIN NOT ATOMIC\b/), ...other }, begin],
  CALL: [other],
  CHECK: [query],
  CHECKSUM: [query],
  COMMIT: [end],
  CREATE: [
    // lost with its session; rows that were copied cannot be told from rows that were not
    {
      when: ({ flat: words, nested }) =>
        /^CREATE (?:OR REPLACE )?(?:TEMPORARY )?TABLE\b/.test(words) &&
        (/^CREATE (?:OR REPLACE |TEMPORARY )/.test(words) ||
          /^CREATE TABLE .* (?:SELECT|TABLE)\b/.test(words) ||
          nested.has('SELECT')),
      kind: 'ddl',
      trace: 'ambiguous',
    },
    ddl,
  ],
  DEALLOCATE: [session],
  DELETE: [dml],
  DESC: [query],
  DESCRIBE: [query],
  DO: [other],
  DROP: [
    { when: flat(/^DROP PREPARE\b/), ...session },
    { when: flat(/^DROP TEMPORARY TABLE\b/), kind: 'ddl', trace: 'ambiguous' },
    ddl,
  ],
  EXECUTE: [other],
  EXPLAIN: [{ when: flat(/^EXPLAIN ANALYZE\b/), ...other }, query],
  FLUSH: [upkeep],
  GRANT: [{ kind: 'ddl', trace: 'repeatable' }],
  HELP: [query],
  IMPORT: [ddl],
  INSERT: [dml],
  LOAD: [{ when: flat(/^LOAD (?:DATA|XML)\b/), ...dml }, other],
  LOCK: [{ when: flat(/^LOCK TABLES?\b/), ...session }, other],
  OPTIMIZE: [upkeep],
  PREPARE: [session],
  RELEASE: [savepoint],
  RENAME: [ddl],
  REPAIR: [upkeep],
  REPLACE: [dml],
  REVOKE: [{ kind: 'ddl', trace: 'ambiguous' }],
  ROLLBACK: [{ when: flat(/^ROLLBACK (?:WORK )?TO\b/), ...savepoint }, end],
  SAVEPOINT: [savepoint],
  SELECT: [
    { when: flat(/\bINTO (?:OUTFILE|DUMPFILE)\b/), ...other },
    { when: flat(/\bINTO\b/), ...session },
    query,
  ],
  SET: [
    { when: flat(/^SET (?:PASSWORD|GLOBAL|PERSIST|PERSIST_ONLY|DEFAULT ROLE|RESOURCE)\b/), ...other },
    {
      when: flat(
        / @ @ (?:GLOBAL|PERSIST|PERSIST_ONLY) \. \S+ :? ?=|, (?:GLOBAL|PERSIST|PERSIST_ONLY) \S+ :? ?=/,
      ),
      ...other,
    },
    session,
  ],
  SHOW: [query],
  START: [{ when: flat(/^START TRANSACTION\b/), ...begin }, other],
  TABLE: [query],
  TRUNCATE: [{ kind: 'ddl', trace: 'ambiguous' }],
  UNLOCK: [{ when: flat(/^UNLOCK TABLES?\b/), ...session }, other],
  UPDATE: [dml],
  USE: [session],
  VALUES: [query],
  WITH: withRows,
  XA: [
    { when: flat(/^XA (?:START|BEGIN)\b/), ...begin },
    { when: flat(/^XA (?:COMMIT|ROLLBACK)\b/), ...end },
    savepoint,
  ],
};

const setStatement = /^SET STATEMENT .*? FOR /;

/** MariaDB: `SET STATEMENT variable = value FOR statement` is that statement. */
export function unwrapMysql(head: Head): Head {
  if (!setStatement.test(head.flat)) return head;
  return { ...head, flat: head.flat.replace(setStatement, ''), full: head.full.replace(setStatement, '') };
}
