import { createHash } from 'node:crypto';
import type { MigrationFile } from './migration.js';

const ROLES = [
  'both',
  'up',
  'down',
  'module',
  'metadata',
] as const satisfies readonly MigrationFile['role'][];

/** The frozen order of a migration's files: by role, then the neutral one, then by the dialect's name. */
export function compareFiles(
  a: Pick<MigrationFile, 'role' | 'dialect'>,
  b: Pick<MigrationFile, 'role' | 'dialect'>,
): number {
  const order = ROLES.indexOf(a.role) - ROLES.indexOf(b.role);
  if (order !== 0) return order;
  const left = a.dialect ?? '';
  const right = b.dialect ?? '';
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * `v1:` + SHA-256 over the files in the order of `compareFiles`: role (`role.dialect`), NUL, length in bytes, NUL, bytes.
 * Frozen: ledgers hold it.
 */
export function checksumOf(
  files: readonly (Pick<MigrationFile, 'role' | 'dialect'> & { readonly content: Buffer })[],
): string {
  const sum = createHash('sha256');
  for (const { role, dialect, content } of files) {
    sum.update(`${dialect === undefined ? role : `${role}.${dialect}`}\0${content.length}\0`);
    sum.update(content);
  }
  return `v1:${sum.digest('hex')}`;
}
