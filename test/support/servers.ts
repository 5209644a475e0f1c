import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject as VitestProject } from 'vitest/node';

/** Throw-away servers on free loopback ports, run by an unprivileged user, gone with the process that started them. */

export interface ServerUrls {
  readonly postgres15: string;
  readonly postgres18: string;
  readonly mariadb: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    servers: ServerUrls;
  }
}

/** Every password of a test holds it, so that any output can be searched for it. */
export const canary = 'c4nary-Pa55';

const root = process.getuid?.() === 0;
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** Runs as nobody where we are root, and dies with us even after SIGKILL. */
function unprivileged(command: string, args: readonly string[]): [string, string[]] {
  const user = root ? ['--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [];
  return ['setpriv', ['--pdeathsig', 'SIGKILL', ...user, '--', command, ...args]];
}

function run(command: string, args: readonly string[], input?: string): void {
  const [file, all] = unprivileged(command, args);
  const { status, stderr } = spawnSync(file, all, {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Starts a server and waits for the line that says it is ready. */
function start(command: string, args: readonly string[], ready: RegExp): Promise<ChildProcess> {
  const [file, all] = unprivileged(command, args);
  const child = spawn(file, all, {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
  });
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`${command} was not ready in 60 s:\n${output}`)), 60_000);
    const read = (chunk: Buffer) => {
      output = (output + chunk).slice(-8000);
      if (!ready.test(output)) return;
      clearTimeout(timer);
      resolve(child);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.on('exit', (code) => reject(new Error(`${command} ended with ${code}:\n${output}`)));
    child.on('error', reject);
  });
}

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

function folder(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `dbpat-${name}-`));
  if (root) chownSync(path, 65534, 65534);
  return path;
}

function stopper(child: ChildProcess, path: string, signal: NodeJS.Signals): () => Promise<void> {
  return async () => {
    child.removeAllListeners('exit');
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await gone;
    rmSync(path, { recursive: true, force: true });
  };
}

export async function startPostgres(bin: string): Promise<Running> {
  const path = folder('postgres');
  const data = join(path, 'data');
  run(join(bin, 'initdb'), [
    '-D',
    data,
    '-U',
    'app',
    '-A',
    'trust',
    '--no-locale',
    '-E',
    'UTF8',
    '-N',
    '--no-instructions',
  ]);
  const port = await freePort();
  const settings = [
    'fsync=off',
    'full_page_writes=off',
    'synchronous_commit=off',
    'shared_buffers=32MB',
    'max_connections=200',
    'listen_addresses=127.0.0.1',
  ];
  const args = [
    '-D',
    data,
    '-p',
    String(port),
    '-k',
    path,
    ...settings.flatMap((setting) => ['-c', setting]),
  ];
  const child = await start(join(bin, 'postgres'), args, /ready to accept connections/);
  return {
    url: `postgres://app:${canary}@127.0.0.1:${port}/postgres`,
    stop: stopper(child, path, 'SIGQUIT'),
  };
}

export async function startMariadb(binary: string): Promise<Running> {
  const path = folder('mariadb');
  const data = join(path, 'data');
  run('mkdir', [data]);
  const share = '/usr/share/mysql';
  const sql = ['system_tables', 'performance_tables', 'system_tables_data'].map((part) => {
    const names = [`mariadb_${part}.sql`, `mysql_${part}.sql`].map((name) => join(share, name));
    return readFileSync(names.find((name) => existsSync(name))!, 'utf8');
  });
  const flags = [
    '--no-defaults',
    '--skip-name-resolve',
    '--innodb-buffer-pool-size=32M',
    '--innodb-log-file-size=8M',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-doublewrite=0',
    `--datadir=${data}`,
  ];
  const user = `create or replace user app@'127.0.0.1' identified by '${canary}';\ngrant all on *.* to app@'127.0.0.1' with grant option;`;
  run(
    binary,
    [...flags, '--bootstrap'],
    `create database mysql;\nuse mysql;\nset @auth_root_socket=null;\n${sql.join('\n')}\nflush privileges;\n${user}\n`,
  );
  const port = await freePort();
  const child = await start(
    binary,
    [
      ...flags,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(path, 's.sock')}`,
      `--pid-file=${join(path, 'pid')}`,
    ],
    /ready for connections/,
  );
  return { url: `mysql://app:${canary}@127.0.0.1:${port}/mysql`, stop: stopper(child, path, 'SIGKILL') };
}

/** A program under one of these folders. @throws with what to install */
export function findBinary(name: string, folders: readonly string[], install: string): string {
  const found = folders.map((path) => join(path, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`the tests need ${name}: ${install}`);
  return found;
}

export const debianPostgres = ['15', '16', '17'].map((version) => `/usr/lib/postgresql/${version}/bin`);
export const mariadbFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec'];

/** The npm package's binaries where the unprivileged user can read them. */
function embeddedPostgres(): { bin: string; copy: string } {
  const copy = folder('pg18');
  cpSync(join(modules, 'pg18', 'native'), join(copy, 'native'), { recursive: true });
  // npm may have been told to run no install scripts: the libraries' links are made here then.
  const links = JSON.parse(readFileSync(join(copy, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    if (!existsSync(join(copy, target))) symlinkSync(basename(source), join(copy, target));
  }
  return { bin: join(copy, 'native', 'bin'), copy };
}

export async function startServers(): Promise<{ urls: ServerUrls; stop(): Promise<void> }> {
  const debian = dirname(findBinary('initdb', debianPostgres, 'apt-get install postgresql'));
  const mariadbd = findBinary('mariadbd', mariadbFolders, 'apt-get install mariadb-server');
  const embedded = embeddedPostgres();
  const [postgres15, postgres18, mariadb] = await Promise.all([
    startPostgres(debian),
    startPostgres(embedded.bin),
    startMariadb(mariadbd),
  ]);
  return {
    urls: { postgres15: postgres15.url, postgres18: postgres18.url, mariadb: mariadb.url },
    stop: async () => {
      await Promise.all([postgres15.stop(), postgres18.stop(), mariadb.stop()]);
      rmSync(embedded.copy, { recursive: true, force: true });
    },
  };
}

export default async function setup(vitest: VitestProject): Promise<() => Promise<void>> {
  const servers = await startServers();
  vitest.provide('servers', servers.urls);
  return servers.stop;
}
