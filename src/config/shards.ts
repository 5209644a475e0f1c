import type { Dialect, Target } from '../dialects/dialect.js';
import type { ReachOptions } from '../dialects/reach.js';
import { DbpatError, type Fault } from '../errors.js';
import { keyPath } from './check.js';
import type { Shard } from './config.js';
import { didYouMean, printable } from './nearest.js';
import type { Placed, ShardSetting, UrlSource } from './settings.js';
import { needsTls, resolveTls } from './tls.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** What shards are resolved with. Faults are added to `faults`. */
export interface ResolveContext {
  readonly root: string;
  readonly env: Env;
  readonly dialects: readonly Dialect[];
  readonly faults: Fault[];
  readonly reach?: ReachOptions | undefined;
}

/** A shard with what only the check of the whole needs. */
export interface ResolvedShard {
  readonly shard: Shard;
  readonly path: string;
  readonly urlPath: string;
  /** Remote, and its URL forbids TLS. */
  readonly plainText: boolean;
}

interface Located {
  readonly dialect: Dialect;
  readonly target: Target;
}

/** Where a URL leads, or undefined and a fault at `path`. */
export function locate(
  source: Placed<UrlSource> | undefined,
  path: string,
  context: ResolveContext,
): Located | undefined {
  const fail = (message: string): undefined => {
    context.faults.push({ path, message });
  };
  if (source === undefined && context.faults.some((fault) => fault.path.startsWith(path))) return undefined;
  if (source === undefined || source.value.kind === 'unset')
    return fail('is not set; give a URL or { env: NAME }, and set its environment variable');
  const written = source.value;
  const url = written.kind === 'env' ? context.env[written.name] : written.text;
  if (!url)
    return fail(
      `the environment variable ${written.kind === 'env' ? printable(written.name) : ''} is not set`,
    );
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  const dialect = context.dialects.find((candidate) => candidate.schemes.includes(scheme));
  if (dialect === undefined) {
    const known = context.dialects.flatMap((candidate) => candidate.schemes);
    return fail(`begins with no scheme that is known: ${known.map((name) => `${name}:`).join(', ')}`);
  }
  try {
    return { dialect, target: dialect.parseUrl(url, context.root) };
  } catch (error) {
    if (error instanceof DbpatError) return fail(error.message);
    throw error;
  }
}

/** Shards in the order given; those with faults are left out. */
export function resolveShards(
  settings: readonly Placed<ShardSetting>[],
  onConnect: readonly string[],
  context: ResolveContext,
): readonly ResolvedShard[] {
  const first = new Map<string, string>();
  return settings.flatMap(({ value: setting, path }) => {
    const namePath = keyPath(path, 'name');
    const taken = first.get(setting.name);
    if (taken !== undefined)
      context.faults.push({ path: namePath, message: `'${setting.name}' is the name of ${taken} already` });
    else first.set(setting.name, path);
    return resolveShard(setting, path, onConnect, context) ?? [];
  });
}

function resolveShard(
  setting: ShardSetting,
  path: string,
  onConnect: readonly string[],
  context: ResolveContext,
): ResolvedShard | undefined {
  const { faults } = context;
  const urlPath = setting.url?.path ?? keyPath(path, 'url');
  const main = locate(setting.url, urlPath, context);
  const others = [
    ...(setting.directUrl === undefined ? [] : [setting.directUrl]),
    ...(setting.replicas ?? []),
  ];
  const located = others.map((source) => {
    const other = locate(source, source.path, context);
    if (main !== undefined && other !== undefined && other.dialect !== main.dialect)
      faults.push({
        path: source.path,
        message: `is not a ${main.dialect.name} URL, as that of the shard is`,
      });
    return other?.target;
  });
  if (main === undefined || located.includes(undefined)) return undefined;
  const [direct, replicas] =
    setting.directUrl === undefined ? [undefined, located] : [located[0], located.slice(1)];
  const targets = [main.target, ...(located as Target[])];
  checkSchema(setting.schema, main.dialect, path, faults);
  return {
    path,
    urlPath,
    plainText: needsTls(setting.tls, targets),
    shard: {
      name: setting.name,
      dialect: main.dialect,
      target: main.target,
      ...(direct === undefined ? {} : { directTarget: direct }),
      replicas: replicas as Target[],
      ...(setting.group === undefined ? {} : { group: setting.group }),
      labels: setting.labels ?? {},
      ...(setting.schema === undefined ? {} : { schema: setting.schema }),
      protected: setting.protected ?? false,
      tls: resolveTls(setting.tls, targets, keyPath(path, 'tls'), context.root, faults),
      onConnect: [...onConnect, ...(setting.onConnect ?? [])],
    },
  };
}

/** A longer name would be cut by PostgreSQL without an error, and mean another schema. */
function checkSchema(schema: string | undefined, dialect: Dialect, path: string, faults: Fault[]): void {
  if (schema === undefined) return;
  const at = keyPath(path, 'schema');
  if (!dialect.capabilities.schemas)
    faults.push({ path: at, message: `${dialect.name} has no schemas inside a database: leave it out` });
  else if (new TextEncoder().encode(schema).length > dialect.maxIdentifierBytes)
    faults.push({ path: at, message: `is longer than ${dialect.maxIdentifierBytes} bytes` });
}

/** @throws DbpatError `shards_duplicate` when two shards reach one database and schema, as far as text can tell */
export function refuseTwins(shards: readonly ResolvedShard[]): void {
  const first = new Map<string, Shard>();
  const faults: Fault[] = [];
  for (const { shard, path } of shards) {
    const place = `${shard.target.identity}\0${shard.schema ?? ''}`;
    const twin = first.get(place);
    if (twin === undefined) first.set(place, shard);
    else
      faults.push({
        path,
        message: `${twin.name} and ${shard.name} reach the same database: ${shard.target.display}`,
      });
  }
  if (faults.length === 0) return;
  throw new DbpatError(
    'shards_duplicate',
    faults.map(({ path, message }) => `${path}: ${message}`).join('\n'),
    {
      hint: 'remove one of them, or give each a `schema` of its own',
      faults,
    },
  );
}

/** @throws DbpatError `tls_required` */
export function refusePlainText(shards: readonly ResolvedShard[]): void {
  const open = shards.filter((resolved) => resolved.plainText);
  if (open.length === 0) return;
  const names = open.map(({ shard }) => shard.name);
  throw new DbpatError(
    'tls_required',
    `refused: ${names.join(', ')} would be reached over the network without TLS`,
    {
      hint: "take sslmode=disable out of the URL, or say tls: 'off' for the shard",
      ...(names.length === 1 ? { shard: names[0] } : {}),
      faults: open.map(({ shard, urlPath }) => ({
        path: urlPath,
        message: `${shard.target.display} is remote and its URL switches TLS off`,
      })),
    },
  );
}

/** Plain names in selectors must exist: a typo would leave a shard out of its wave. */
export function checkNames(
  selectors: readonly Placed<string>[],
  names: ReadonlySet<string>,
  faults: Fault[],
): void {
  for (const { value, path } of selectors) {
    if (names.has(value)) continue;
    const message = `no shard is named '${printable(value)}'${didYouMean(value, [...names])}`;
    faults.push({ path, message });
  }
}
