import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Builds the program that the tests run, and installs the servers that are missing where it may. */
function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

const needed = [
  {
    debian: 'postgresql',
    found: ['15', '16', '17'].some((version) => existsSync(`/usr/lib/postgresql/${version}/bin/initdb`)),
  },
  {
    debian: 'mariadb-server',
    found: ['/usr/sbin/mariadbd', '/usr/local/sbin/mariadbd'].some((path) => existsSync(path)),
  },
];
const missing = needed.filter((server) => !server.found).map((server) => server.debian);
if (missing.length > 0) {
  if (process.getuid?.() !== 0) {
    process.stderr.write(`the tests need real servers; as root: apt-get install -y ${missing.join(' ')}\n`);
    process.exit(1);
  }
  const quiet = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run('apt-get', ['update', '-qq'], quiet);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], quiet);
}
run(process.execPath, ['scripts/build.mjs']);
