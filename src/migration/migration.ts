import type { DialectName } from '../dialects/dialect.js';
import type { Direction, Phase } from '../events.js';
import type { Statement } from '../sql/statement.js';

/** One file of a migration. */
export interface MigrationFile {
  /** Absolute. */
  readonly path: string;
  /** For people: relative to the folder of the config, with forward slashes. */
  readonly display: string;
  /** `both`: up and down sections in one SQL file. */
  readonly role: 'both' | 'up' | 'down' | 'module' | 'metadata';
  /** Absent: for every dialect without a file of its own. */
  readonly dialect?: DialectName;
  /** SHA-256 (hex) and length in bytes of the normalised text. */
  readonly hash: string;
  readonly bytes: number;
}

/** One versioned change as it stands in the folder. Its texts are read again, and checked, when they are needed. */
export interface Migration {
  /** As written in the name, separators dropped. Compare with `compareVersions` only. */
  readonly version: string;
  /** The words of the name. */
  readonly description: string;
  /** VERSION_description as written. */
  readonly name: string;
  /** `phased` as far as its text can tell; what it is made of says `loadShape`. */
  readonly kind: 'plain' | 'phased';
  readonly form: 'sql' | 'module';
  /** Sorted by role and dialect. */
  readonly files: readonly MigrationFile[];
  /** `v1:` + SHA-256 over all files with role and length. */
  readonly checksum: string;
}

/** One direction of an SQL migration for one dialect, split and checked. */
export interface SqlPart {
  readonly form: 'sql';
  readonly direction: Direction;
  readonly phase: Phase;
  readonly transaction: boolean;
  /** `MigrationFile.display` of the file it stands in. */
  readonly file: string;
  /** Lines and columns are those of the file. Empty when the part holds no statement. */
  readonly statements: readonly Statement[];
}

/** One direction of a module, imported. */
export interface ModulePart {
  readonly form: 'module';
  readonly direction: Direction;
  readonly phase: Phase;
  readonly transaction: boolean;
  readonly file: string;
  /** What the module calls itself, instead of the words of its name. */
  readonly description?: string;
  run(db: unknown, ctx: unknown): unknown;
  /** Where in the project an error of `run` comes from, as far as its stack says. */
  placeOf(thrown: unknown): ErrorPlace | undefined;
}

/** A place for people: the file as `MigrationFile.display` has it; the column only where it is known. */
export interface ErrorPlace {
  readonly file: string;
  readonly line: number;
  readonly column?: number | undefined;
}

export type MigrationPart = SqlPart | ModulePart;
