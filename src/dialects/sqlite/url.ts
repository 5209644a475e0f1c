import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Target } from '../dialect.js';
import { decode, urlFault } from '../url.js';

/**
 * `sqlite:data/x.db` (relative to `baseDir`), `sqlite:/abs/x.db` or `sqlite:///abs/x.db`, percent-decoded. Each file is
 * its own server: there is nothing for `perHost` to spare.
 * @throws DbpatError `config_invalid`
 */
export function parseSqliteUrl(url: string, baseDir: string): Target {
  const written = url.replace(/^sqlite:/i, '');
  if (/[?#]/.test(written)) throw urlFault('takes no parameters: write ? as %3F and # as %23 in the path');
  const pathText = written.startsWith('//') ? written.slice(2) : written;
  const path = decode(pathText, 'path');
  if (path === ':memory:' || path === '/:memory:')
    throw urlFault('names a database in memory, which is gone before anyone could use it: name a file');
  if (path === '') throw urlFault('names no file: sqlite:PATH');
  if (pathText !== written && !path.startsWith('/'))
    throw urlFault(
      'has two slashes: write sqlite:PATH (relative to the config) or sqlite:///PATH (absolute)',
    );
  if (/[\x00-\x1f\x7f\p{Surrogate}]/u.test(path)) throw urlFault('holds control characters');
  if (/[/\\]$/.test(path)) throw urlFault('names a folder: name a file');
  const database = resolve(baseDir, path);
  const identity = `sqlite:${realPath(database)}`;
  return {
    dialect: 'sqlite',
    display: `sqlite:${written}`,
    database,
    identity,
    server: identity,
    remote: false,
    options: {},
  };
}

/** Symbolic links resolved as far as the path exists. A call of the system for each file, and one for their folder. */
function realPath(path: string): string {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() && existsSync(path)) return realpathSync.native(path);
  return join(realFolder(dirname(path)), basename(path));
}

let lastFolder = { path: '', real: '' };

function realFolder(path: string): string {
  if (lastFolder.path === path) return lastFolder.real;
  if (!existsSync(path)) return join(realFolder(dirname(path)), basename(path));
  lastFolder = { path, real: realpathSync.native(path) };
  return lastFolder.real;
}
