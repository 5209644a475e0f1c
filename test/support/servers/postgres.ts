import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, fromTemplate } from './cache.js';
import { canary } from './canary.js';
import { freePort, launch, run, type TestServer } from './process.js';

export type PostgresVersion = '15' | '16' | '17' | '18';

export interface PostgresOptions {
  /** `name=value`, after the defaults, which do without durability. */
  readonly settings?: readonly string[];
  readonly port?: number;
}

const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const manifest = fileURLToPath(new URL('../../../package.json', import.meta.url));

/** The npm package's programs, copied to where the servers' user can read them. */
export function postgresBin(version: PostgresVersion): string {
  const name = `pg${version}`;
  const pinned = JSON.parse(readFileSync(manifest, 'utf8')).devDependencies[name] as string;
  const copied = cached(`postgres-${pinned.replace(/^.*@/, '')}`, (folder) => {
    const native = join(modules, name, 'native');
    if (!existsSync(native)) throw new Error(`the tests need ${name}: npm ci`);
    cpSync(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
    // npm may have been told to run no install scripts: the libraries' links are made here then.
    const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
    for (const { source, target } of links) {
      if (!existsSync(join(folder, target))) symlinkSync(basename(source), join(folder, target));
    }
  });
  return join(copied, 'native', 'bin');
}

const initdb = ['-U', 'app', '-A', 'trust', '--no-locale', '-E', 'UTF8', '-N', '--no-instructions'];

export function postgresData(version: PostgresVersion): { folder: string; data: string } {
  const bin = postgresBin(version);
  return fromTemplate(`postgres${version}`, [bin, ...initdb], (data) =>
    run(join(bin, 'initdb'), ['-D', data, ...initdb]),
  );
}

export async function startPostgres(
  version: PostgresVersion,
  options: PostgresOptions = {},
): Promise<TestServer> {
  return launchPostgres(version, postgresData(version), options);
}

/** A server on data that are there already. */
export async function launchPostgres(
  version: PostgresVersion,
  { folder, data }: { folder: string; data: string },
  options: PostgresOptions = {},
): Promise<TestServer> {
  const port = options.port ?? (await freePort());
  const settings = [
    'fsync=off',
    'full_page_writes=off',
    'synchronous_commit=off',
    'shared_buffers=32MB',
    'max_connections=200',
    'listen_addresses=127.0.0.1',
    ...(options.settings ?? []),
  ];
  return launch({
    folder,
    command: join(postgresBin(version), 'postgres'),
    args: ['-D', data, '-p', String(port), '-k', folder, ...settings.flatMap((setting) => ['-c', setting])],
    ready: /ready to accept (read-only )?connections/,
    stopSignal: 'SIGQUIT',
    url: `postgres://app:${canary}@127.0.0.1:${port}/postgres`,
    port,
  });
}
