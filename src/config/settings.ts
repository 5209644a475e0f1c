import type { Fault } from '../errors.js';
import {
  type Check,
  type Checked,
  duration,
  flag,
  hook,
  isObject,
  keyPath,
  line,
  listOf,
  oneOf,
  pattern,
  recordOf,
  shape,
  share,
  text,
  whole,
} from './check.js';
import { printable } from './nearest.js';
import type { RawSettings } from './raw.js';
import { parseSelector, shardNameRule } from './selector.js';

/** A value with the place it was written at. */
export interface Placed<T> {
  readonly path: string;
  readonly value: T;
}

function placed<T>(check: Check<T>): Check<Placed<T>> {
  return (value, path, faults) => {
    const checked = check(value, path, faults);
    return checked === undefined ? undefined : { path, value: checked };
  };
}

/** Where a URL comes from. `unset`: an undefined that a variable without a value has left. */
export type UrlSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'unset' };

const envSource = shape({ env: text }, ['env']);

const urlSource: Check<UrlSource> = (value, path, faults) => {
  if (value === undefined || value === '') return { kind: 'unset' };
  if (isObject(value)) {
    const source = envSource(value, path, faults);
    return source === undefined ? undefined : { kind: 'env', name: source.env };
  }
  if (typeof value === 'string') return { kind: 'text', text: value };
  return pattern(/^/, 'a URL or { env: NAME }')(value, path, faults) as undefined;
};

const tlsModes = oneOf('off', 'verify', 'no-verify');
const tlsObject = shape({ ca: text, cert: text, key: text, servername: line, verify: flag });

export type TlsSetting = Checked<typeof tlsModes> | Checked<typeof tlsObject>;

const tls: Check<TlsSetting> = (value, path, faults) =>
  isObject(value) ? tlsObject(value, path, faults) : tlsModes(value, path, faults);

const labelText: Check<string> = (value, path, faults) => (value === '' ? '' : line(value, path, faults));

const namedShard = shape(
  {
    name: pattern(shardNameRule, 'a name of at most 128 letters, digits, dots, dashes and underscores'),
    url: placed(urlSource),
    directUrl: placed(urlSource),
    replicas: listOf(placed(urlSource)),
    group: line,
    labels: recordOf(labelText),
    schema: line,
    protected: flag,
    tls,
    onConnect: listOf(text),
  },
  ['name'],
);

export type ShardSetting = Checked<typeof namedShard>;

/** A shard without a proper name goes on under that of its place, so that the faults of its URL are found as well. */
const shard: Check<ShardSetting> = (value, path, faults) => {
  const checked = namedShard(value, path, faults);
  if (checked !== undefined || !isObject(value)) return checked;
  const rest = namedShard({ ...value, name: 'unnamed' }, path, []);
  return rest && { ...rest, name: path };
};

/** A list of shards, of a config or of what a function has returned. */
export const shardList = listOf(placed(shard));

const directory = shape({ url: placed(urlSource), query: text, tls }, ['query']);

export type DirectorySetting = Checked<typeof directory>;

/** The three forms of `shards`. */
export type ShardsSetting =
  | { readonly kind: 'list'; readonly list: readonly Placed<ShardSetting>[] }
  | { readonly kind: 'function'; readonly load: () => unknown }
  | { readonly kind: 'directory'; readonly directory: DirectorySetting };

const shards: Check<ShardsSetting> = (value, path, faults) => {
  if (typeof value === 'function') return { kind: 'function', load: value as () => unknown };
  if (isObject(value)) {
    const checked = directory(value, path, faults);
    return checked === undefined ? undefined : { kind: 'directory', directory: checked };
  }
  const list = shardList(value, path, faults);
  return list === undefined ? undefined : { kind: 'list', list };
};

const selector: Check<string> = (value, path, faults) => {
  const checked = text(value, path, faults);
  if (checked === undefined || parseSelector(checked) !== undefined) return checked;
  faults.push({ path, message: 'expected NAME, GLOB, group:G, label:K=V or a share such as 25%' });
  return undefined;
};

const selectors: Check<readonly Placed<string>[]> = (value, path, faults) => {
  if (Array.isArray(value) && value.length === 0)
    faults.push({ path, message: "picks no shard; ['*'] is all" });
  return listOf(placed(selector))(value, path, faults);
};

const maxFailures: Check<{ readonly count: number } | { readonly percent: number }> = (
  value,
  path,
  faults,
) => {
  if (typeof value !== 'string') {
    const count = whole(0, 1_000_000)(value, path, faults);
    return count === undefined ? undefined : { count };
  }
  const percent = Number(/^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(value)?.[1]);
  if (percent <= 100) return { percent };
  faults.push({ path, message: "expected a number of shards or a share such as '2%', found another text" });
  return undefined;
};

const wave = shape(
  {
    name: pattern(shardNameRule, 'a name of letters, digits, dots, dashes and underscores'),
    shards: selectors,
    pause: duration(),
    concurrency: whole(1, 10_000),
    onFailure: oneOf('stop', 'continue'),
    maxFailures,
  },
  ['name', 'shards'],
);

const strategyAndKey = shape({ strategy: oneOf('hash', 'range', 'geo', 'directory'), key: text }, [
  'strategy',
  'key',
]);

export type RoutingSetting = Checked<typeof strategyAndKey> & {
  readonly options: Readonly<Record<string, unknown>>;
};

/** What else a strategy needs is checked by the strategy. */
const routing: Check<RoutingSetting> = (value, path, faults) => {
  if (!isObject(value)) return strategyAndKey(value, path, faults) as undefined;
  const { strategy, key, ...options } = value;
  const checked = strategyAndKey({ strategy, key }, path, faults);
  return checked === undefined ? undefined : { ...checked, options };
};

const fields = {
  migrations: text,
  table: pattern(
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    'a table name of letters, digits and _, not beginning with a digit',
  ),
  shards,
  waves: listOf(placed(wave)),
  routing,
  concurrency: whole(1, 10_000),
  perHost: whole(1, 10_000),
  lock: shape({ wait: duration(), mode: oneOf('auto', 'session', 'lease'), ttl: duration() }),
  outOfOrder: oneOf('refuse', 'allow'),
  onConnect: listOf(text),
  timeouts: shape({ connect: duration(), ddlLock: duration(), statement: duration() }),
  retry: shape({ ddlLock: duration() }),
  backfill: shape({ target: duration(), maxRows: whole(1, 10_000_000), duty: share, maxLag: duration() }),
  contract: shape({ bake: duration(Number.MAX_SAFE_INTEGER), ready: hook }),
  lint: shape({ rules: recordOf(oneOf('off', 'warn', 'error')) }),
  hooks: shape({
    beforeRun: hook,
    afterRun: hook,
    beforeWave: hook,
    afterWave: hook,
    beforeStep: hook,
    afterStep: hook,
  }),
} satisfies Record<keyof RawSettings, Check<unknown>>;

const settings = shape(fields);
const root = shape({ ...fields, environments: recordOf((value) => ({ value })) });

/** The settings as written, each well formed by itself. Nothing is looked up yet. */
export type Settings = Checked<typeof settings>;

export interface CheckedConfig {
  readonly settings: Settings;
  /** Top-level keys that the environment has set: their faults stand under its path. */
  readonly overridden: ReadonlySet<string>;
  readonly environmentPath: string;
}

/** Sections are merged field by field, lists and everything else as a whole. */
const sections = ['lock', 'timeouts', 'retry', 'backfill', 'contract', 'hooks'] as const;

function merge(base: Settings, over: Settings): Settings {
  const merged: Record<string, unknown> = { ...base, ...over };
  for (const key of sections)
    if (base[key] !== undefined || over[key] !== undefined) merged[key] = { ...base[key], ...over[key] };
  if (base.lint !== undefined || over.lint !== undefined)
    merged.lint = { rules: { ...base.lint?.rules, ...over.lint?.rules } };
  return merged as Settings;
}

/** Checks the base and every environment, and merges the chosen one over the base. */
export function checkSettings(
  raw: unknown,
  environment: string | undefined,
  faults: Fault[],
): CheckedConfig | undefined {
  const checked = root(raw, '', faults);
  if (checked === undefined) return undefined;
  const { environments = {}, ...base } = checked;
  let chosen: Settings = {};
  for (const [name, written] of Object.entries(environments)) {
    const over = settings(written.value, keyPath('environments', name), faults);
    if (name === environment && over !== undefined) chosen = over;
  }
  if (environment !== undefined && !Object.hasOwn(environments, environment)) {
    const known = Object.keys(environments);
    const message =
      known.length === 0
        ? '--env names one, and the config has none'
        : `--env names none of them; known are ${known.map(printable).join(', ')}`;
    faults.push({ path: 'environments', message });
  }
  return {
    settings: merge(base, chosen),
    overridden: new Set(Object.keys(chosen)),
    environmentPath: keyPath('environments', environment ?? ''),
  };
}
