import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { Migration } from './migration.js';
import { compareVersions } from './version.js';

export interface CreateOptions {
  readonly now: Date;
  /** Sorted by version. */
  readonly existing: readonly Migration[];
  readonly dialects: readonly Dialect[];
}

const SLUG_LENGTH = 100;
/** Shorter than any stamp: `0001`, `000042`. */
const SEQUENCE_DIGITS = 7;

/**
 * Writes a new migration above the newest one, and its folder where there is none; returns the path. Never overwrites.
 * @throws DbpatError `usage` for a description without words, `migrations_invalid` when the file is there already
 */
export function createMigration(
  folder: string,
  description: string,
  form: 'sql' | 'ts',
  options: CreateOptions,
): string {
  const slug = slugOf(description);
  if (slug === '') {
    throw new DbpatError('usage', 'a migration needs a description in ASCII letters or digits', {
      hint: 'dbpat migrate create "create users"',
    });
  }
  const name = `${nextVersion(options.existing, options.now)}_${slug}.${form}`;
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(path, form === 'sql' ? sqlTemplate : moduleTemplate, { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new DbpatError('migrations_invalid', `${name} exists already`, { file: name, cause });
  }
  return path;
}

/** `[a-z0-9_]+`, or empty. Accents are dropped, so that `é` is `e`. */
function slugOf(description: string): string {
  return description
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, SLUG_LENGTH)
    .replace(/^_+|_+$/g, '');
}

/** The next number in a folder that counts, else the time in UTC; always above the newest. */
function nextVersion(existing: readonly Migration[], now: Date): string {
  const newest = existing.at(-1)?.version;
  if (newest !== undefined && /^\d+$/.test(newest) && newest.length <= SEQUENCE_DIGITS) {
    return above(newest);
  }
  const stamp = now.toISOString().replace(/\D/g, '').slice(0, 14);
  if (newest === undefined || compareVersions(stamp, newest) > 0) return stamp;
  return above(newest);
}

function above(version: string): string {
  const parts = version.split('.');
  const last = parts.pop()!;
  return [...parts, String(BigInt(last) + 1n).padStart(last.length, '0')].join('.');
}

const sqlTemplate = `-- migrate:up


-- migrate:down

`;

const moduleTemplate = `import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<any>): Promise<void> {
  await sql\`select 1\`.execute(db);
}

export async function down(db: Kysely<any>): Promise<void> {
  await sql\`select 1\`.execute(db);
}
`;
