import type { Kysely } from 'kysely';
import type { DialectName } from '../dialects/dialect.js';
import type { Direction, Phase } from '../events.js';

/** What a module's functions get beside the database. */
export interface MigrationContext {
  readonly shard: {
    readonly name: string;
    readonly group: string | undefined;
    readonly labels: Readonly<Record<string, string>>;
    readonly dialect: DialectName;
    /** Whether this shard owns a row with this routing key. */
    owns(key: unknown): boolean;
  };
  /** Aborted when the run is told to stop. */
  readonly signal: AbortSignal;
  log(message: unknown): void;
  readonly phase: Phase;
  readonly direction: Direction;
}

export interface MigrationModule {
  /** Default: the words of the file's name. */
  readonly description?: string;
  /** Default true. False: each statement commits by itself and is journalled. */
  readonly transaction?: boolean;
  up(db: Kysely<any>, ctx: MigrationContext): unknown;
  down?(db: Kysely<any>, ctx: MigrationContext): unknown;
}

/** Types a migration that is exported as an object. */
export function defineMigration(migration: MigrationModule): MigrationModule {
  return migration;
}
