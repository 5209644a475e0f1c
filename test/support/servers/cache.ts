import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { serverFolder } from './process.js';

const root = process.getuid?.() === 0;

/** Where programs and templates stay between runs. Root's home is closed to the user that the servers run as. */
export const cacheFolder = join(
  process.env.XDG_CACHE_HOME ?? (root ? '/var/cache' : join(homedir(), '.cache')),
  'dbpat-tests',
);

/** The folder of this name, filled once by `fill`; whole or absent, also when several runs fill it at once. */
export function cached(name: string, fill: (folder: string) => void): string {
  const path = join(cacheFolder, name);
  if (existsSync(path)) return path;
  mkdirSync(cacheFolder, { recursive: true });
  const made = mkdtempSync(join(cacheFolder, '.new-'));
  chmodSync(made, 0o755);
  try {
    fill(made);
    renameSync(made, path);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(path)) throw error;
  }
  return path;
}

/**
 * A fresh copy of a data folder that `make` has made once, in a folder for the server's other files beside it. `key` is
 * all that the data depend on.
 */
export function fromTemplate(
  name: string,
  key: readonly string[],
  make: (data: string) => void,
): { folder: string; data: string } {
  const hash = createHash('sha256').update(key.join('\0')).digest('hex').slice(0, 16);
  const template = cached(`data-${name}-${hash}`, (target) => {
    const work = serverFolder(name);
    try {
      make(join(work, 'data'));
      copy(join(work, 'data'), join(target, 'data'));
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
  const folder = serverFolder(name);
  const data = join(folder, 'data');
  copy(join(template, 'data'), data);
  return { folder, data };
}

/** With owners and modes, which databases look at. */
export function copy(from: string, to: string): void {
  const { status, stderr } = spawnSync('cp', ['-a', '--reflink=auto', from, to], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cp ${from} ${to}: ${stderr}`);
}
