import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DbpatError } from '../../errors.js';
import type { Result } from '../../run/results.js';
import { command } from '../command.js';
import { outputOptions, text } from '../options.js';
import { page, type Render } from '../output/page.js';

interface InitResult extends Result {
  readonly wrote: readonly string[];
  /** What was there already and stays as it is. */
  readonly kept: readonly string[];
  readonly next: string;
}

const renderInit: Render<InitResult> = ({ wrote, kept, next }, { out }) =>
  page([
    ...kept.map((path) => `${out.dim('kept')}   ${path}`),
    ...wrote.map((path) => `${out.green('wrote')}  ${path}`),
    `next: ${next}`,
  ]);

/** `dbpat init` */
export const init = command({
  name: 'init',
  example: 'dbpat init --url postgres://localhost/app',
  exitCodes: [],
  options: {
    url: text('--url <url>', 'the database (default: sqlite:dev.db); a password is never written down'),
    dir: text('--dir <folder>', 'folder of the migrations (default: migrations)'),
    ...outputOptions,
  },
  run: async ({ options, host, show }) => {
    const result = writeProject(host.cwd, options.url ?? 'sqlite:dev.db', options.dir ?? 'migrations');
    return show(result, renderInit);
  },
});

type Engine = 'postgres' | 'mysql' | 'sqlite';

const engines: Readonly<Record<string, Engine>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  sqlite: 'sqlite',
};

const keys: Readonly<Record<Engine, string>> = {
  postgres: 'bigint generated always as identity primary key',
  mysql: 'bigint not null auto_increment primary key',
  sqlite: 'integer primary key',
};

function writeProject(cwd: string, url: string, folder: string): InitResult {
  const engine = engines[/^([a-z]+):/i.exec(url)?.[1]?.toLowerCase() ?? ''];
  if (engine === undefined) {
    throw new DbpatError('usage', '--url must start with postgres:, mysql:, mariadb: or sqlite:', {
      hint: 'dbpat init --url postgres://localhost/app',
    });
  }
  const secret = /^[a-z]+:\/\/[^/?#]*:[^/?#]*@/i.test(url) || /[?&]\w*password=/i.test(url);
  const wrote: string[] = [];
  const kept: string[] = [];
  const config = readdirSync(cwd).find((name) => /^dbpat\.config\.(?:[cm]?[jt]s|json)$/.test(name));
  if (config === undefined) {
    const name = usesTypeScript(cwd) ? 'dbpat.config.ts' : 'dbpat.config.mjs';
    writeFileSync(join(cwd, name), configText(name, secret ? undefined : url, folder), { flag: 'wx' });
    wrote.push(name);
  } else kept.push(config);
  const path = join(cwd, folder);
  if (existsSync(path) && readdirSync(path).length > 0) kept.push(folder);
  else {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, '0001_create_users.sql'), migrationText(engine), { flag: 'wx' });
    wrote.push(`${folder}/0001_create_users.sql`);
  }
  const needsUrl = secret && config === undefined;
  const next = needsUrl ? 'set DATABASE_URL, then: dbpat migrate up' : 'dbpat migrate up';
  return { command: 'init', ok: true, exitCode: 0, wrote, kept, next };
}

function usesTypeScript(cwd: string): boolean {
  if (existsSync(join(cwd, 'tsconfig.json'))) return true;
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
    return { ...dependencies, ...devDependencies }.typescript !== undefined;
  } catch {
    return false;
  }
}

function configText(name: string, url: string | undefined, folder: string): string {
  const place = url === undefined ? "{ env: 'DATABASE_URL' }" : quoted(url);
  const body = `{
  migrations: ${quoted(folder)},
  shards: [{ name: 'default', url: ${place} }],
}`;
  return name.endsWith('.ts')
    ? `import type { RawConfig } from 'dbpat';\n\nexport default ${body} satisfies RawConfig;\n`
    : `/** @type {import('dbpat').RawConfig} */\nexport default ${body};\n`;
}

function quoted(written: string): string {
  return `'${written.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;
}

function migrationText(engine: Engine): string {
  return `-- migrate:up
create table users (
  id ${keys[engine]},
  email varchar(255) not null unique,
  created_at timestamp not null default current_timestamp
);

-- migrate:down
drop table users;
`;
}
