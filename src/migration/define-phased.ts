import type { Kysely } from 'kysely';
import type { MigrationContext } from './define.js';

/** A phase as functions, like those of a plain module. */
export interface PhaseFunctions {
  /** Default true. False: each statement commits by itself and is journalled. */
  readonly transaction?: boolean;
  up(db: Kysely<any>, ctx: MigrationContext): unknown;
  /** Absent: the phase cannot be undone; that of a backfill is then undone by doing nothing. */
  down?(db: Kysely<any>, ctx: MigrationContext): unknown;
}

/** One version with one checksum whose phases run at different times. Phases that are not there are passed over. */
export interface PhasedMigration {
  /** Default: the words of the file's name. */
  readonly description?: string;
  /** Adds what new code needs; old code goes on as before. */
  readonly expand?: PhaseFunctions;
  /** Brings the rows that are there into the new shape. */
  readonly backfill?: PhaseFunctions;
  /** Makes the new side the leading one; runs behind the gate. */
  readonly switch?: PhaseFunctions;
  /** Removes what only old code needed; runs behind the gate. */
  readonly contract?: PhaseFunctions;
}

/** Types a phased migration. */
export function definePhased(migration: PhasedMigration): PhasedMigration {
  return migration;
}
