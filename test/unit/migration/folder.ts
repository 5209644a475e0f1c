import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { dialects } from '../../../src/dialects/index.js';
import { DbpatError } from '../../../src/errors.js';
import { loadMigrations } from '../../../src/migration/discover.js';
import type { Migration } from '../../../src/migration/migration.js';

const made: string[] = [];

afterAll(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** A project's folder with these files; names that end with `/` are folders. */
export function project(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'dbpat-migration-'));
  made.push(root);
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, content);
  }
  return root;
}

/** A project whose `migrations` folder holds these files. */
export function projectOf(files: Readonly<Record<string, string | Buffer>>): string {
  const named = Object.entries(files).map(([name, content]) => [`migrations/${name}`, content] as const);
  return project({ 'migrations/': '', ...Object.fromEntries(named) });
}

export function load(root: string): readonly Migration[] {
  return loadMigrations(join(root, 'migrations'), { root, dialects });
}

export function loadFiles(files: Readonly<Record<string, string | Buffer>>): readonly Migration[] {
  return load(projectOf(files));
}

/** The faults of a folder, one line each. */
export function faultsOf(files: Readonly<Record<string, string | Buffer>>): readonly string[] {
  return faultsIn(projectOf(files));
}

export function faultsIn(root: string): readonly string[] {
  const error = errorOf(() => load(root));
  if (error.code !== 'migrations_invalid') throw error;
  return (error.details.faults ?? []).map(({ path, message }) => `${path} ${message}`);
}

export function errorOf(work: () => unknown): DbpatError {
  try {
    work();
  } catch (error) {
    if (error instanceof DbpatError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export async function rejection(work: Promise<unknown>): Promise<DbpatError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DbpatError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
