import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached, cacheFolder } from './cache.js';

/**
 * MySQL is in no stable Debian and in no npm package, but in Debian's unstable: its packages are fetched through an apt
 * folder of our own, which leaves the system's alone and needs no root, and unpacked beside each other.
 */
const name = 'mysql-9';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

export const mysqlInstalled = (): boolean => existsSync(join(cacheFolder, name));

/** The folder with MySQL's `usr`. @throws with what to do when it is not installed */
export function mysqlRoot(): string {
  if (!mysqlInstalled()) throw new Error('the tests need MySQL 9: node scripts/prepare-tests.mjs fetches it');
  return join(cacheFolder, name);
}

function must(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status === 0) return;
  throw new Error(
    `MySQL could not be fetched, which the tests need (a machine with apt-get and dpkg-deb, and a way to deb.debian.org):\n${command} ${args.join(' ')} ended with ${error?.message ?? status}\n${stdout}${stderr}`,
  );
}

export function installMysql(): void {
  const work = mkdtempSync(join(tmpdir(), 'dbpat-mysql-apt-'));
  try {
    for (const folder of [
      'etc/sources.list.d',
      'etc/preferences.d',
      'lists/partial',
      'cache/archives/partial',
    ])
      mkdirSync(join(work, folder), { recursive: true });
    writeFileSync(join(work, 'status'), '');
    writeFileSync(
      join(work, 'etc/sources.list'),
      `deb [signed-by=${keyring}] http://deb.debian.org/debian sid main\n`,
    );
    writeFileSync(
      join(work, 'apt.conf'),
      `Dir::Etc "${work}/etc";
Dir::Etc::parts "${work}/etc";
Dir::State::status "${work}/status";
Dir::State::lists "${work}/lists";
Dir::Cache "${work}/cache";
Acquire::Check-Valid-Until "false";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
`,
    );
    const env = { ...process.env, APT_CONFIG: join(work, 'apt.conf'), LC_ALL: 'C' };
    must('apt-get', ['update', '-qq'], env);
    must('apt-get', ['install', '-d', '-y', '-qq', 'mysql-server-core'], env);
    const archives = join(work, 'cache/archives');
    const packages = readdirSync(archives).filter(
      (file) => file.endsWith('.deb') && !/^(perl|gcc-)/.test(file),
    );
    cached(name, (folder) => {
      for (const file of packages) must('dpkg-deb', ['-x', join(archives, file), folder]);
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
