import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createJiti } from 'jiti';
import { rounds, time } from './measure.mjs';
import { floorScript, makeProject, makeScript } from './projects.mjs';
import { countingProxy } from './proxy.mjs';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, only: { type: 'string' }, json: { type: 'boolean' } },
});
const count = Number(options.rounds);
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin/dbpat.js');
const node = process.execPath;
const work = mkdtempSync(join(tmpdir(), 'dbpat-bench-'));
const table = [];

const dbpat = (cwd, ...args) => time(node, [bin, ...args], { cwd });
function report(name, ours, theirs, reference, unit = 'ms') {
  table.push({ name, ours, reference: theirs, against: reference, unit, ratio: ours / theirs });
  if (!options.json) {
    const numbers = `${ours.toFixed(1)} ${unit}`.padStart(12) + `${theirs.toFixed(1)} ${unit}`.padStart(12);
    console.log(`${name.padEnd(44)}${numbers}${(ours / theirs).toFixed(2).padStart(8)}x  ${reference}`);
  }
}

async function start() {
  const found = await rounds(count * 3, [
    { name: 'node', run: () => time(node, ['-e', '0']) },
    { name: 'version', run: () => dbpat(work, '--version') },
    { name: 'help', run: () => dbpat(work, '--help') },
  ]);
  report('--version', found.get('version'), found.get('node'), 'node -e 0');
  report('--help', found.get('help'), found.get('node'), 'node -e 0');
}

async function noop() {
  const floor = join(work, 'floor.mjs');
  writeFileSync(floor, floorScript);
  for (const size of [20, 2000]) {
    const path = makeProject(join(work, `noop-${size}`), size, [{ name: 'main', url: 'sqlite:main.db' }]);
    await dbpat(path, 'migrate', 'up');
    const found = await rounds(count * 2, [
      { name: 'node', run: () => time(node, ['-e', '0']) },
      { name: 'floor', run: () => time(node, [floor, `${root}/`, 'main.db'], { cwd: path }) },
      { name: 'up', run: () => dbpat(path, 'migrate', 'up') },
    ]);
    report(`no-op up, SQLite, ${size} migrations`, found.get('up'), found.get('node'), 'node -e 0');
    report(
      `no-op up, SQLite, ${size} migrations`,
      found.get('up'),
      found.get('floor'),
      'open, hash and read in Node',
    );
  }
}

async function sqlite() {
  const path = makeProject(join(work, 'sqlite'), 500, [{ name: 'main', url: 'sqlite:main.db' }]);
  const script = makeScript(join(work, 'sqlite.sql'), 500, "datetime('now')");
  const fresh = (name) => () => rmSync(join(path, name), { force: true });
  const found = await rounds(count, [
    {
      name: 'shell',
      prepare: fresh('shell.db'),
      run: () => time('sqlite3', ['shell.db'], { cwd: path, input: script }),
    },
    { name: 'up', prepare: fresh('main.db'), run: () => dbpat(path, 'migrate', 'up', '--quiet') },
    { name: 'down', run: () => dbpat(path, 'migrate', 'down', '--all', '--quiet') },
  ]);
  report('500 migrations up, SQLite', found.get('up'), found.get('shell'), 'sqlite3 shell');
  report('500 migrations down, SQLite', found.get('down'), found.get('shell'), 'sqlite3 shell, up');
}

async function postgres(servers) {
  const url = new URL(servers.postgres15);
  const psql = (database, ...args) => [
    '-q',
    '-h',
    url.hostname,
    '-p',
    url.port,
    '-U',
    'app',
    '-v',
    'ON_ERROR_STOP=1',
    '-d',
    database,
    ...args,
  ];
  const make = (name) => () =>
    execFileSync(
      'psql',
      psql('postgres', '-c', `drop database if exists ${name}`, '-c', `create database ${name}`),
      { stdio: 'ignore' },
    );
  const path = makeProject(join(work, 'postgres'), 500, [
    { name: 'main', url: servers.postgres15.replace(/postgres$/, 'ours') },
  ]);
  const script = makeScript(join(work, 'postgres.sql'), 500, 'now()');
  const found = await rounds(count, [
    { name: 'psql', prepare: make('theirs'), run: () => time('psql', psql('theirs', '-f', script)) },
    { name: 'up', prepare: make('ours'), run: () => dbpat(path, 'migrate', 'up', '--quiet') },
    { name: 'noop', run: () => dbpat(path, 'migrate', 'up', '--quiet') },
    { name: 'down', run: () => dbpat(path, 'migrate', 'down', '--all', '--quiet') },
  ]);
  report('500 migrations up, PostgreSQL', found.get('up'), found.get('psql'), 'psql');
  report('500 migrations down, PostgreSQL', found.get('down'), found.get('psql'), 'psql, up');
  const proxy = await countingProxy(url.hostname, Number(url.port));
  make('ours')();
  const through = `postgres://app@127.0.0.1:${proxy.port}/ours`;
  await dbpat(path, 'migrate', 'up', '--quiet', '--url', through);
  const all = proxy.counts.reduce((sum, { count: trips }) => sum + trips, 0);
  proxy.counts.length = 0;
  await dbpat(path, 'migrate', 'up', '--quiet', '--url', through);
  const idle = proxy.counts.reduce((sum, { count: trips }) => sum + trips, 0);
  report('round trips per migration, PostgreSQL', (all - idle) / 500, 3, 'at most', '  ');
  // The startup packet with its answer is the connection's own.
  report('round trips of a no-op up, PostgreSQL', idle - 1, 3, 'at most', '  ');
  await proxy.close();
}

async function mariadb(servers) {
  const url = new URL(servers.mariadb);
  const client = (...args) => [`-h${url.hostname}`, `-P${url.port}`, '-uapp', `-p${url.password}`, ...args];
  const make = (name) => () =>
    execFileSync('mariadb', client('-e', `drop database if exists ${name}; create database ${name}`), {
      stdio: 'ignore',
    });
  const path = makeProject(join(work, 'mariadb'), 500, [
    { name: 'main', url: servers.mariadb.replace(/mysql$/, 'ours') },
  ]);
  const script = makeScript(join(work, 'mariadb.sql'), 500, 'now()');
  const found = await rounds(count, [
    {
      name: 'client',
      prepare: make('theirs'),
      run: () => time('mariadb', client('theirs'), { input: script }),
    },
    { name: 'up', prepare: make('ours'), run: () => dbpat(path, 'migrate', 'up', '--quiet') },
    { name: 'down', run: () => dbpat(path, 'migrate', 'down', '--all', '--quiet') },
  ]);
  report('500 migrations up, MariaDB', found.get('up'), found.get('client'), 'mariadb client');
  report('500 migrations down, MariaDB', found.get('down'), found.get('client'), 'mariadb client, up');
}

async function status() {
  const floor = join(work, 'floor.mjs');
  writeFileSync(floor, floorScript);
  const path = makeProject(join(work, 'status'), 10_000, [{ name: 'main', url: 'sqlite:main.db' }]);
  await dbpat(path, 'migrate', 'up', '--quiet');
  const memory =
    "process.on('exit',()=>require('fs').appendFileSync('memory',process.resourceUsage().maxRSS+'\\n'))";
  writeFileSync(join(work, 'memory.cjs'), memory);
  const found = await rounds(count, [
    { name: 'floor', run: () => time(node, [floor, `${root}/`], { cwd: path }) },
    { name: 'status', run: () => dbpat(path, 'migrate', 'status', '--json') },
  ]);
  report('status, 10,000 applied', found.get('status'), found.get('floor'), 'read and hash in Node');
  await time(node, ['--require', join(work, 'memory.cjs'), bin, 'migrate', 'status', '--json'], {
    cwd: path,
  });
  const kilobytes = Number(execFileSync('tail', ['-1', join(path, 'memory')], { encoding: 'utf8' }));
  report('status, 10,000 applied: memory', kilobytes / 1024, 200, 'at most', 'MB');
}

async function fleet() {
  const shards = Array.from({ length: 100 }, (_, i) => ({ name: `s${i}`, url: `sqlite:data/s${i}.db` }));
  const path = makeProject(join(work, 'fleet'), 20, shards);
  const script = makeScript(join(work, 'fleet.sql'), 20, "datetime('now')");
  const fresh = () => {
    rmSync(join(path, 'data'), { recursive: true, force: true });
    mkdirSync(join(path, 'data'));
  };
  const loop = `seq 0 99 | xargs -P 4 -I% sh -c 'sqlite3 data/s%.db < ${script}'`;
  const looking = `for i in $(seq 0 99); do sqlite3 data/s$i.db 'select version, checksum from schema_migrations'; done`;
  const found = await rounds(Math.min(count, 3), [
    { name: 'shells', prepare: fresh, run: () => time('sh', ['-c', loop], { cwd: path }) },
    { name: 'up', prepare: fresh, run: () => dbpat(path, 'migrate', 'up', '--quiet') },
    { name: 'loop', run: () => time('sh', ['-c', looking], { cwd: path }) },
    { name: 'status', run: () => dbpat(path, 'migrate', 'status', '--json') },
  ]);
  report('100 SQLite shards x 20 up', found.get('up'), found.get('shells'), 'four sqlite3 shells at once');
  report('100 SQLite shards, status', found.get('status'), found.get('loop'), 'a sqlite3 shell loop');
}

const parts = { start, noop, sqlite, postgres, mariadb, status, fleet };
const chosen = options.only === undefined ? Object.keys(parts) : options.only.split(',');
let servers;
try {
  if (chosen.some((name) => name === 'postgres' || name === 'mariadb')) {
    const { startServers } = await createJiti(import.meta.url).import('../test/support/servers/setup.ts');
    servers = await startServers(['postgres15', 'mariadb']);
  }
  for (const name of chosen) await parts[name](servers?.urls);
  if (options.json) console.log(JSON.stringify(table, null, 2));
} finally {
  await servers?.stop();
  rmSync(work, { recursive: true, force: true });
}
