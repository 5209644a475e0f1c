import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { installMysql, mysqlInstalled } from './mysql-install.js';

interface DebianProgram {
  readonly package: string;
  readonly program: string;
  readonly folders: readonly string[];
}

const sbin = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec', '/usr/bin'];
const programs = [
  { package: 'mariadb-server', program: 'mariadbd', folders: sbin },
  { package: 'galera-4', program: 'libgalera_smm.so', folders: ['/usr/lib/galera', '/usr/lib64/galera-4'] },
  { package: 'rsync', program: 'rsync', folders: sbin },
  { package: 'pgbouncer', program: 'pgbouncer', folders: sbin },
] as const satisfies readonly DebianProgram[];

export type DebianPackage = (typeof programs)[number]['package'];

function locate({ program, folders }: DebianProgram): string | undefined {
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** @throws with what to install */
export function findBinary(name: DebianPackage): string {
  const entry = programs.find((program) => program.package === name)!;
  const found = locate(entry);
  if (found === undefined)
    throw new Error(`the tests need ${entry.program}; as root: apt-get install -y ${name}`);
  return found;
}

/** Changes when the file does. */
export function stampOf(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${path} ${size} ${mtimeMs}`;
}

function apt(...args: string[]): void {
  const { status, error } = spawnSync('apt-get', args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} ended with ${error?.message ?? status}`);
}

/** Installs what the tests need and this machine lacks. @throws with what to do where it may not */
export function installServers(): void {
  const missing = programs.filter((program) => locate(program) === undefined).map((entry) => entry.package);
  if (missing.length > 0) {
    if (process.getuid?.() !== 0)
      throw new Error(`the tests need real servers; as root: apt-get install -y ${missing.join(' ')}`);
    apt('update', '-qq');
    apt('install', '-y', '-qq', '--no-install-recommends', ...missing);
  }
  if (!mysqlInstalled()) installMysql();
}
