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

const block = 'PostgreSQL refuses it inside a transaction block';
const concurrently = `${block}: a concurrent build or removal commits in between`;
const outsideDdl: ClassRow = { kind: 'ddl', outside: block };

/**
 * PostgreSQL manual, part VI "SQL Commands", 15 to 18: what "cannot be executed inside a transaction block"; REINDEX and
 * CLUSTER of a partitioned table cannot either, which text does not show.
 */
export const postgresClasses: Readonly<Record<string, readonly ClassRow[]>> = {
  ABORT: [end],
  ALTER: [
    { when: flat(/^ALTER SYSTEM\b/), kind: 'other', trace: 'repeatable', outside: block },
    { when: flat(/^ALTER DATABASE \S+ SET TABLESPACE\b/), ...outsideDdl },
    {
      when: ({ full: words }) =>
        /^ALTER SUBSCRIPTION \S+ (?:REFRESH|(?:SET|ADD|DROP) PUBLICATION)\b/.test(words) &&
        !/\bREFRESH = (?:FALSE|OFF|0)\b/.test(words),
      ...outsideDdl,
    },
    { when: full(/^ALTER SUBSCRIPTION \S+ SET \( .*\b(?:FAILOVER|TWO_PHASE)\b/), ...outsideDdl },
    {
      when: flat(/^ALTER TABLE .*\bDETACH PARTITION \S+(?: \. \S+)? CONCURRENTLY\b/),
      kind: 'ddl',
      trace: 'catalogue',
      outside: concurrently,
    },
    ddl,
  ],
  ANALYZE: [upkeep],
  BEGIN: [begin],
  CALL: [other],
  CHECKPOINT: [upkeep],
  CLOSE: [session],
  CLUSTER: [
    {
      when: full(/^CLUSTER(?: VERBOSE)?(?: \( [^)]*\))?$/),
      kind: 'other',
      trace: 'repeatable',
      outside: block,
    },
    upkeep,
  ],
  COMMENT: [{ kind: 'ddl', trace: 'repeatable' }],
  COMMIT: [{ when: flat(/^COMMIT PREPARED\b/), ...savepoint, outside: block }, end],
  COPY: [{ when: flat(/^COPY .*\bFROM\b/), ...dml }, other],
  CREATE: [
    {
      when: flat(/^CREATE (?:UNIQUE )?INDEX CONCURRENTLY\b/),
      kind: 'ddl',
      // IF NOT EXISTS is content with the invalid index that an interrupted build leaves
      trace: 'catalogue',
      outside: concurrently,
    },
    { when: flat(/^CREATE (?:DATABASE|TABLESPACE)\b/), ...outsideDdl },
    {
      when: ({ full: words }) =>
        words.startsWith('CREATE SUBSCRIPTION ') &&
        !/\b(?:CREATE_SLOT|CONNECT) = (?:FALSE|OFF|0)\b/.test(words),
      kind: 'ddl',
      outside: `${block}: it makes a replication slot`,
    },
    {
      when: flat(/^CREATE (?:(?:GLOBAL|LOCAL) )?TEMP(?:ORARY)? (?:TABLE|SEQUENCE)\b/),
      kind: 'ddl',
      trace: 'ambiguous',
    },
    ddl,
  ],
  DEALLOCATE: [session],
  DECLARE: [session],
  DELETE: [dml],
  DISCARD: [{ when: flat(/^DISCARD ALL$/), ...session, outside: block }, session],
  DO: [other],
  DROP: [
    { when: flat(/^DROP INDEX CONCURRENTLY\b/), kind: 'ddl', outside: concurrently },
    { when: flat(/^DROP (?:DATABASE|TABLESPACE)\b/), ...outsideDdl },
    { when: flat(/^DROP SUBSCRIPTION\b/), kind: 'ddl', outside: `${block}: it drops a replication slot` },
    ddl,
  ],
  END: [end],
  EXECUTE: [other],
  EXPLAIN: [
    { when: full(/^EXPLAIN (?:ANALY[SZ]E\b|\( [^)]*\bANALY[SZ]E\b(?! (?:FALSE|OFF|0)\b))/), ...other },
    query,
  ],
  FETCH: [session],
  GRANT: [{ kind: 'ddl', trace: 'repeatable' }],
  IMPORT: [ddl],
  INSERT: [dml],
  LISTEN: [session],
  LOAD: [session],
  LOCK: [session],
  MERGE: [dml],
  MOVE: [session],
  PREPARE: [{ when: flat(/^PREPARE TRANSACTION\b/), ...end }, session],
  REASSIGN: [{ kind: 'ddl', trace: 'repeatable' }],
  REFRESH: [upkeep],
  REINDEX: [
    {
      when: ({ full: words }) =>
        /^REINDEX (?:\( [^)]*\) )?(?:INDEX|TABLE|SCHEMA|DATABASE|SYSTEM) CONCURRENTLY\b/.test(words) ||
        /^REINDEX \( [^)]*\bCONCURRENTLY\b(?! (?:FALSE|OFF|0)\b)/.test(words),
      ...upkeep,
      outside: concurrently,
    },
    { when: flat(/^REINDEX (?:SCHEMA|DATABASE|SYSTEM)\b/), ...upkeep, outside: block },
    upkeep,
  ],
  RELEASE: [savepoint],
  RESET: [session],
  REVOKE: [{ kind: 'ddl', trace: 'repeatable' }],
  ROLLBACK: [
    { when: flat(/^ROLLBACK (?:(?:WORK|TRANSACTION) )?TO\b/), ...savepoint },
    { when: flat(/^ROLLBACK PREPARED\b/), ...savepoint, outside: block },
    end,
  ],
  SAVEPOINT: [savepoint],
  SECURITY: [{ kind: 'ddl', trace: 'repeatable' }],
  SELECT: [{ when: flat(/\bINTO\b/), ...ddl }, query],
  SET: [session],
  SHOW: [query],
  START: [begin],
  TABLE: [query],
  TRUNCATE: [dml],
  UNLISTEN: [session],
  UPDATE: [dml],
  VACUUM: [{ ...upkeep, outside: block }],
  VALUES: [query],
  WITH: withRows,
};
