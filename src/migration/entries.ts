import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { DbpatError } from '../errors.js';
import { displayPath } from './loader.js';

/** A folder, sorted by bytes of the name. */
export function entriesOf(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
  );
}

/** A folder that the config itself places outside the project is meant; one that a link leads out of it is not. */
export function allowedRoots(folder: string, root: string): readonly string[] {
  const realRoot = realpathSync(root);
  const realFolder = realpathSync(folder);
  const outside = relative(root, folder).startsWith('..');
  if (outside || isWithin(realFolder, realRoot)) return [realRoot, realFolder];
  throw new DbpatError(
    'migrations_invalid',
    `the migrations folder ${displayPath(folder, root)} is a link that leads out of the project`,
    { file: displayPath(folder, root) },
  );
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

export type EntryKind =
  | { readonly folder: boolean; readonly fault?: never }
  | { readonly fault: string; readonly folder?: never };

/** Follows links no further than the project, and never opens what is neither file nor folder. */
export function kindOf(entry: Dirent, path: string, allowed: readonly string[]): EntryKind {
  if (entry.isFile()) return { folder: false };
  if (entry.isDirectory()) return { folder: true };
  try {
    const own = lstatSync(path);
    if (!own.isSymbolicLink()) return kindOfStat(own);
    const real = realpathSync(path);
    if (!allowed.some((root) => isWithin(real, root)))
      return { fault: 'is a link that leads out of the project' };
    return kindOfStat(statSync(real));
  } catch (error) {
    return { fault: `is a link that leads nowhere (${(error as NodeJS.ErrnoException).code})` };
  }
}

function kindOfStat(stat: Stats): EntryKind {
  if (stat.isDirectory() || stat.isFile()) return { folder: stat.isDirectory() };
  const what = stat.isFIFO() ? 'a FIFO' : stat.isSocket() ? 'a socket' : 'a device';
  return { fault: `is ${what}, not a file` };
}
