import { readFileSync } from 'node:fs';
import type { Dialect } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { Direction, Phase } from '../events.js';
import type { LexOptions } from '../sql/statement.js';
import { parseMetadata } from './markers.js';
import type { Migration, MigrationFile } from './migration.js';
import { parseSections, type Section } from './sections.js';
import { normalise, sha256 } from './text.js';

/**
 * The SQL file for a direction: the dialect's own, else the neutral one. Undefined for a missing down.
 * @throws DbpatError `migrations_invalid` when the dialect has no up
 */
export function fileFor(
  migration: Migration,
  direction: Direction,
  dialect: Dialect,
): MigrationFile | undefined {
  const candidates = migration.files.filter(({ role }) => role === direction || role === 'both');
  const file =
    candidates.find((candidate) => candidate.dialect === dialect.name) ??
    candidates.find((candidate) => candidate.dialect === undefined);
  if (file !== undefined || (direction === 'down' && fileFor(migration, 'up', dialect) !== undefined))
    return file;
  const [first] = migration.files;
  throw new DbpatError(
    'migrations_invalid',
    `${migration.name} has neither a file for ${dialect.name} nor one for every dialect`,
    {
      version: migration.version,
      file: first!.display,
      hint: `add ${migration.name}.${dialect.fileTags[0]}.sql (it may be empty)`,
    },
  );
}

/** @throws DbpatError `migrations_invalid`, `sql_invalid`; both with file, line and column */
export function sectionOf(
  migration: Migration,
  file: MigrationFile,
  phase: Phase,
  direction: Direction,
  dialect: Dialect,
  lex: LexOptions | undefined,
): Section | undefined {
  return fileSections(migration, file, direction, dialect, lex).find(
    (section) => section.phase === phase && section.direction === direction,
  );
}

/**
 * The sections of the file with an SQL migration's up.
 * @throws DbpatError `migrations_invalid`, `sql_invalid`; both with file, line and column
 */
export function sectionsOf(
  migration: Migration,
  dialect: Dialect,
  lex: LexOptions | undefined,
): readonly Section[] {
  return fileSections(migration, fileFor(migration, 'up', dialect)!, 'up', dialect, lex);
}

function fileSections(
  migration: Migration,
  file: MigrationFile,
  direction: Direction,
  dialect: Dialect,
  lex: LexOptions | undefined,
): readonly Section[] {
  const metadata = migration.files.find(({ role }) => role === 'metadata');
  const transaction =
    metadata === undefined ? true : inFile(metadata, () => parseMetadata(readUnchanged(metadata)));
  const role = file.role === 'both' ? 'both' : direction;
  return inFile(file, () => parseSections(readUnchanged(file), dialect.sqlRules, { role, transaction, lex }));
}

/**
 * A file's normalised text, as it was when the folder was read.
 * @throws DbpatError `migrations_invalid`
 */
export function readUnchanged(file: MigrationFile): string {
  let bytes: Buffer | undefined;
  try {
    ({ bytes } = normalise(readFileSync(file.path)));
  } catch (cause) {
    throw new DbpatError('migrations_invalid', `${file.display} cannot be read any more`, {
      file: file.display,
      cause,
    });
  }
  if (bytes !== undefined && sha256(bytes) === file.hash) return bytes.toString('utf8');
  throw new DbpatError('migrations_invalid', `${file.display} changed while dbpat ran`, {
    file: file.display,
    hint: 'run the same command again',
  });
}

/** Adds the file to what `work` throws. */
export function inFile<T>(file: MigrationFile, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof DbpatError ? error.with({ file: file.display }) : error;
  }
}
