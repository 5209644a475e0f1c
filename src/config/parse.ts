import { basename, resolve } from 'node:path';
import type { Dialect } from '../dialects/dialect.js';
import type { ReachOptions } from '../dialects/reach.js';
import { DbpatError, type Fault } from '../errors.js';
import type { Config, Wave } from './config.js';
import { readDirectory } from './directory.js';
import { parseSelector } from './selector.js';
import {
  type CheckedConfig,
  checkSettings,
  type Placed,
  type Settings,
  type ShardSetting,
  shardList,
} from './settings.js';
import {
  checkNames,
  type Env,
  type ResolveContext,
  type ResolvedShard,
  refusePlainText,
  refuseTwins,
  resolveShards,
} from './shards.js';

export type { Env } from './shards.js';

export interface ParseContext {
  /** Absolute. */
  readonly root: string;
  /** Absolute. */
  readonly file?: string | undefined;
  readonly environment?: string | undefined;
  readonly env: Env;
  readonly dialects: readonly Dialect[];
  /** Stands for all shards and waves of the config; `path` is what faults of it are said of. */
  readonly url?: { readonly path: string; readonly text: string } | undefined;
  /** Found before, to be reported together with what is found here. */
  readonly faults?: readonly Fault[] | undefined;
  readonly reach?: ReachOptions | undefined;
}

/**
 * Checks everything that can be checked without a connection, and then, where the shards are listed in a database,
 * reads them. All faults are reported at once.
 * @throws DbpatError `config_invalid` with `details.faults`, `shards_duplicate`, `tls_required`, and for a directory
 * `unreachable`, `not_allowed`, `driver_missing`
 */
export async function parseConfig(raw: unknown, context: ParseContext): Promise<Config> {
  const faults: Fault[] = [...(context.faults ?? [])];
  const resolving: ResolveContext = { ...context, faults };
  const checked = checkSettings(raw, context.environment, faults);
  if (checked === undefined) throw invalid(faults, context);
  const { settings } = checked;
  const values = defaultsFor(settings);
  const list = await listShards(checked, values.timeouts, context, resolving);
  const resolved = resolveShards(list, settings.onConnect ?? [], resolving);
  const waves = context.url === undefined ? resolveWaves(settings, list, faults) : [];
  checkTable(values.table, resolved, pathOf(checked, 'table'), faults);
  if (faults.length > 0) throw invalid(faults, context);
  refuseTwins(resolved);
  refusePlainText(resolved);
  return {
    root: context.root,
    ...(context.file === undefined ? {} : { file: context.file }),
    ...(context.environment === undefined ? {} : { environment: context.environment }),
    migrations: resolve(context.root, values.migrations),
    table: values.table,
    shards: resolved.map(({ shard }) => shard),
    waves,
    ...(settings.routing === undefined ? {} : { routing: settings.routing }),
    concurrency: values.concurrency,
    perHost: values.perHost,
    lock: values.lock,
    outOfOrder: values.outOfOrder,
    timeouts: values.timeouts,
    retry: values.retry,
    backfill: values.backfill,
    contract: values.contract,
    lint: values.lint,
    hooks: values.hooks,
  };
}

function defaultsFor(settings: Settings) {
  const { lock = {}, timeouts = {}, retry = {}, backfill = {}, contract = {} } = settings;
  return {
    migrations: settings.migrations ?? 'migrations',
    table: settings.table ?? 'schema_migrations',
    concurrency: settings.concurrency ?? 8,
    perHost: settings.perHost ?? 4,
    lock: {
      waitMs: lock.wait ?? 30_000,
      mode: lock.mode ?? 'auto',
      ttlMs: Math.max(1_000, lock.ttl ?? 20_000),
    },
    outOfOrder: settings.outOfOrder ?? 'refuse',
    timeouts: {
      connectMs: timeouts.connect ?? 10_000,
      ddlLockMs: timeouts.ddlLock ?? 2_000,
      statementMs: timeouts.statement ?? 0,
    },
    retry: { ddlLockMs: retry.ddlLock ?? 300_000 },
    backfill: {
      targetMs: backfill.target ?? 500,
      maxRows: backfill.maxRows ?? 50_000,
      duty: backfill.duty ?? 0.7,
      maxLagMs: backfill.maxLag ?? 2_000,
    },
    contract: {
      bakeMs: contract.bake ?? 0,
      ...(contract.ready === undefined ? {} : { ready: contract.ready }),
    },
    lint: { rules: settings.lint?.rules ?? {} },
    hooks: { ...settings.hooks },
  } as const;
}

/** Where a top-level key of the merged config was written. */
function pathOf(checked: CheckedConfig, key: keyof Settings): string {
  return checked.overridden.has(key) ? `${checked.environmentPath}.${key}` : key;
}

async function listShards(
  checked: CheckedConfig,
  timeouts: Config['timeouts'],
  context: ParseContext,
  resolving: ResolveContext,
): Promise<readonly Placed<ShardSetting>[]> {
  const { faults } = resolving;
  if (context.url !== undefined) {
    const { path, text } = context.url;
    const url = { path, value: { kind: 'text', text } } as const;
    return [{ path, value: { name: 'default', url } }];
  }
  const setting = checked.settings.shards;
  const path = pathOf(checked, 'shards');
  if (setting === undefined) {
    faults.push({ path, message: 'is missing; list at least one, or give --url or DATABASE_URL' });
    return [];
  }
  const before = faults.length;
  if (setting.kind === 'function' && before === 0) return (await loaded(setting.load, path, faults)) ?? [];
  if (setting.kind === 'directory') {
    const rows = await readDirectory(setting.directory, path, timeouts, resolving);
    return shardList(rows, path, faults) ?? [];
  }
  if (setting.kind !== 'list') return [];
  if (setting.list.length === 0 && before === 0) faults.push({ path, message: 'lists no shard' });
  return setting.list;
}

/** The user's function may well connect somewhere, so it is called only when there is no fault yet. */
async function loaded(load: () => unknown, path: string, faults: Fault[]) {
  let shards: unknown;
  try {
    shards = await load();
  } catch (error) {
    faults.push({ path, message: `the function failed: ${reasonOf(error)}` });
    return [];
  }
  if (Array.isArray(shards) && shards.length === 0)
    faults.push({ path, message: 'the function returned no shard' });
  return shardList(shards, path, faults);
}

/** The first line of a foreign error; what looks like the user info of a URL is left out. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split('\n')[0]!.replace(/\/\/\S*@/g, '//…@');
  return line.replace(/\p{C}/gu, '?').slice(0, 300);
}

function resolveWaves(
  settings: Settings,
  list: readonly Placed<ShardSetting>[],
  faults: Fault[],
): readonly Wave[] {
  const names = new Set(list.map(({ value }) => value.name));
  const taken = new Set<string>();
  return (settings.waves ?? []).map(({ value: wave, path }) => {
    if (taken.has(wave.name))
      faults.push({ path: `${path}.name`, message: `two waves are named '${wave.name}'` });
    taken.add(wave.name);
    const plain = wave.shards.filter(({ value }) => parseSelector(value)?.kind === 'name');
    if (names.size > 0) checkNames(plain, names, faults);
    return {
      name: wave.name,
      shards: wave.shards.map(({ value }) => value),
      pauseMs: wave.pause ?? 0,
      ...(wave.concurrency === undefined ? {} : { concurrency: wave.concurrency }),
      onFailure: wave.onFailure ?? 'stop',
      ...(wave.maxFailures === undefined ? {} : { maxFailures: wave.maxFailures }),
    };
  });
}

/** The ledger's other tables have longer names; PostgreSQL would cut them, and two ledgers could share a lock. */
function checkTable(table: string, shards: readonly ResolvedShard[], path: string, faults: Fault[]): void {
  const bytes = Math.min(...shards.map(({ shard }) => shard.dialect.maxIdentifierBytes));
  const longest = bytes - '_lock'.length;
  if (table.length > longest)
    faults.push({
      path,
      message: `is longer than ${longest} characters, which with _lock are ${bytes} bytes`,
    });
}

/** One fault for each place: the first that was found. */
function invalid(all: readonly Fault[], context: ParseContext): DbpatError {
  const first = new Map<string, Fault>();
  for (const fault of all) if (!first.has(fault.path)) first.set(fault.path, fault);
  const faults = [...first.values()];
  const subject = context.file === undefined ? 'the config' : basename(context.file);
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  const lines = faults.map(({ path, message }) => `\n  ${path}: ${message}`);
  return new DbpatError('config_invalid', `${subject} has ${count}:${lines.join('')}`, {
    ...(context.file === undefined ? {} : { file: basename(context.file) }),
    faults,
  });
}
