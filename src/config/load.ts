import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Dialect } from '../dialects/dialect.js';
import type { ReachOptions } from '../dialects/reach.js';
import { DbpatError, type Fault } from '../errors.js';
import { isObject } from './check.js';
import type { Config } from './config.js';
import { parseEnvFile } from './env-file.js';
import { interpolate } from './interpolate.js';
import { parseJson } from './json.js';
import { type Env, parseConfig, reasonOf } from './parse.js';

export interface LoadOptions {
  /** Absolute. */
  readonly cwd: string;
  /** `--config`, relative to `cwd`. Otherwise `dbpat.config.*` in `cwd`, never in a folder above it. */
  readonly file?: string | undefined;
  /** `--url`: takes the place of the config's shards and waves; the rest of the config stays. */
  readonly url?: string | undefined;
  readonly environment?: string | undefined;
  readonly env: Env;
  /** `--env-file`, relative to `cwd`. Never overrides `env`. */
  readonly envFile?: string | undefined;
  /** Called for each variable of the file that `env` has not, before a config module is imported. */
  readonly setEnv?: ((name: string, value: string) => void) | undefined;
  readonly dialects: readonly Dialect[];
  /** How long a directory of shards that is not up yet is waited for. */
  readonly reach?: ReachOptions | undefined;
}

const extensions = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json'];

/**
 * Finds, reads and checks the config. Without a config file: one shard `default` at `--url` or `DATABASE_URL`, which also
 * stand in for a config file that names no shards.
 * @throws DbpatError `config_invalid`, and all that `parseConfig` throws
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { cwd, dialects, environment, reach } = options;
  const env = readEnv(options);
  const file =
    options.file === undefined ? findConfig(cwd) : givenConfig(resolve(cwd, options.file), options.file);
  const root = file === undefined ? cwd : dirname(file);
  const faults: Fault[] = [];
  const raw = file === undefined ? {} : await readConfig(file, env, environment, faults);
  const url = urlFor(options, env, raw);
  if (file === undefined && url === undefined) {
    throw new DbpatError('config_invalid', 'there is no dbpat.config.* here, and DATABASE_URL is not set', {
      hint: 'dbpat init',
    });
  }
  return parseConfig(raw, { root, file, environment, env, dialects, url, faults, reach });
}

function urlFor(options: LoadOptions, env: Env, raw: unknown) {
  if (options.url !== undefined) return { path: '--url', text: options.url };
  if (!isObject(raw) || raw.shards !== undefined) return undefined;
  const environments = isObject(raw.environments) ? raw.environments : {};
  const chosen = options.environment === undefined ? undefined : environments[options.environment];
  if ((isObject(chosen) && chosen.shards !== undefined) || !env.DATABASE_URL) return undefined;
  return { path: 'DATABASE_URL', text: env.DATABASE_URL };
}

/** The environment, and below it the `--env-file`. */
function readEnv({ cwd, env, envFile, setEnv }: LoadOptions): Env {
  if (envFile === undefined) return env;
  let text: string;
  try {
    text = readFileSync(resolve(cwd, envFile), 'utf8');
  } catch (error) {
    throw new DbpatError('config_invalid', `the --env-file ${envFile} ${unreadable(error)}`, {
      file: envFile,
    });
  }
  const faults: Fault[] = [];
  const variables = parseEnvFile(text, faults);
  if (faults.length > 0) {
    const lines = faults.map((fault) => `\n  ${fault.path}: ${fault.message}`).join('');
    throw new DbpatError('config_invalid', `the --env-file ${envFile} cannot be read:${lines}`, {
      file: envFile,
      faults,
    });
  }
  for (const [name, value] of Object.entries(variables)) if (env[name] === undefined) setEnv?.(name, value);
  const set = Object.entries(env).filter(([, value]) => value !== undefined);
  return { ...variables, ...Object.fromEntries(set) };
}

function unreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown'})`;
}

/** @throws DbpatError `config_invalid` when there is more than one */
function findConfig(cwd: string): string | undefined {
  const found = extensions
    .map((extension) => `dbpat.config${extension}`)
    .filter((name) => existsSync(join(cwd, name)));
  if (found.length > 1) {
    throw new DbpatError('config_invalid', `there is more than one config here: ${found.join(', ')}`, {
      hint: 'keep one of them, or name it with --config',
    });
  }
  return found[0] === undefined ? undefined : join(cwd, found[0]);
}

function givenConfig(file: string, written: string): string {
  if (!existsSync(file))
    throw new DbpatError('config_invalid', `the config ${written} does not exist`, { file: written });
  if (extensions.includes(extname(file))) return file;
  throw new DbpatError('config_invalid', `the config ${written} is none of ${extensions.join(', ')}`, {
    file: written,
  });
}

async function readConfig(
  file: string,
  env: Env,
  environment: string | undefined,
  faults: Fault[],
): Promise<unknown> {
  if (extname(file) !== '.json') return importConfig(file);
  const name = basename(file);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new DbpatError('config_invalid', `${name} ${unreadable(error)}`, { file: name });
  }
  const parsed = parseJson(text);
  if ('value' in parsed) return interpolate(parsed.value, env, environment, faults);
  const { message, line, column } = parsed.fault;
  throw new DbpatError('config_invalid', `${name}:${line}:${column}: ${message}`, {
    file: name,
    line,
    column,
  });
}

/** The default export: an object, a promise of one, or a function that returns either. */
async function importConfig(file: string): Promise<unknown> {
  const name = basename(file);
  const { importModule } = await import('../migration/loader.js');
  let exported: unknown;
  try {
    const namespace = await importModule(file, dirname(file));
    exported = await defaultOf(namespace);
    if (typeof exported === 'function') exported = await exported();
  } catch (error) {
    const { hint, ...details } =
      error instanceof DbpatError ? { hint: error.hint, ...error.details } : { hint: undefined };
    const reason = reasonOf(error);
    const message = reason.includes(name) ? reason : `${name} could not be loaded: ${reason}`;
    throw new DbpatError('config_invalid', message, {
      file: name,
      ...details,
      hint,
      cause: safeCause(error),
    });
  }
  if (exported !== undefined) return exported;
  throw new DbpatError('config_invalid', `${name} has no default export`, {
    file: name,
    hint: 'export default defineConfig({ … })',
  });
}

/** The error of `new URL` carries the URL with its password (Node 20). */
function safeCause(error: unknown): unknown {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++)
    if ('input' in at) return undefined;
  return error;
}

/** What CommonJS exports is the config itself; jiti answers `default` for any module, so its own mark is asked. */
function defaultOf(namespace: Readonly<Record<PropertyKey, unknown>>): unknown {
  if ('default' in namespace) return namespace.default;
  const isModule = Object.hasOwn(namespace, '__esModule') || namespace[Symbol.toStringTag] === 'Module';
  return isModule ? undefined : namespace;
}
