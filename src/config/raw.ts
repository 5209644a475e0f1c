/** `250ms`, `10s`, `5m`, `24h`; `0` means none. */
export type RawDuration = string | 0;

/** A URL, or the name of the environment variable that holds it. Undefined is a fault: a variable was not set. */
export type RawUrl = string | { readonly env: string } | undefined;

/** `verify` checks chain and name; an object verifies too unless it says `verify: false`. */
export type RawTls =
  | 'off'
  | 'verify'
  | 'no-verify'
  | {
      /** Authority: file relative to the config, or PEM text. */
      readonly ca?: string | undefined;
      /** The client's certificate: file or PEM text. */
      readonly cert?: string | undefined;
      /** The client's private key: file or PEM text. */
      readonly key?: string | undefined;
      /** Name in the server's certificate, where it is not the host's. */
      readonly servername?: string | undefined;
      readonly verify?: boolean | undefined;
    };

/** One database, or one schema of one. */
export interface RawShard {
  /** Letters, digits, `.`, `_`, `-`; unique. */
  readonly name: string;
  /** `postgres:`, `postgresql:`, `mysql:`, `mariadb:` or `sqlite:` (path relative to the config). */
  readonly url: RawUrl;
  /** Past the pooler, for what a pooler cannot do. */
  readonly directUrl?: RawUrl;
  /** Watched for lag during backfills. */
  readonly replicas?: readonly RawUrl[] | undefined;
  readonly group?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Where the dialect has schemas. */
  readonly schema?: string | undefined;
  /** Writing asks on a terminal and needs `--yes` elsewhere. */
  readonly protected?: boolean | undefined;
  /** Default: `verify` for remote hosts, `off` for loopback and sockets. */
  readonly tls?: RawTls | undefined;
  /** SQL for every session, after the config's own `onConnect`. */
  readonly onConnect?: readonly string[] | undefined;
}

/** Shards listed in a database: `query` selects `name`, `url` and any of the other fields of a shard. */
export interface RawDirectory {
  readonly url: RawUrl;
  /** One SELECT. Columns: name, url, direct_url, group, labels (JSON), replicas (JSON), schema, protected, tls. */
  readonly query: string;
  readonly tls?: RawTls | undefined;
}

export interface RawWave {
  readonly name: string;
  /** Names, globs, `group:G`, `label:K=V`, `25%`. */
  readonly shards: readonly string[];
  /** Waited after this wave, before the next. */
  readonly pause?: RawDuration | undefined;
  readonly concurrency?: number | undefined;
  /** Default `stop`. */
  readonly onFailure?: 'stop' | 'continue' | undefined;
  /** A number of shards, or `2%`. */
  readonly maxFailures?: number | string | undefined;
}

export type RawHook = (context: any) => unknown;

/** Everything but the environments. All of it may be left out where there is a `--url` or `DATABASE_URL`. */
export interface RawSettings {
  /** Folder, relative to the config. Default `migrations`. */
  readonly migrations?: string | undefined;
  /** The ledger's table. Default `schema_migrations`. */
  readonly table?: string | undefined;
  readonly shards?:
    | readonly RawShard[]
    | (() => readonly RawShard[] | Promise<readonly RawShard[]>)
    | RawDirectory
    | undefined;
  /** In order; the first is the canary. Default: one wave with everything. */
  readonly waves?: readonly RawWave[] | undefined;
  /** Which shard owns a key. Other fields are options of the strategy. */
  readonly routing?:
    | {
        readonly strategy: 'hash' | 'range' | 'geo' | 'directory';
        readonly key: string;
        readonly [option: string]: unknown;
      }
    | undefined;
  /** Shards at once, whole run. Default 8. */
  readonly concurrency?: number | undefined;
  /** Shards at once on one server. Default 4. */
  readonly perHost?: number | undefined;
  readonly lock?:
    | {
        /** Default 30s. */
        readonly wait?: RawDuration | undefined;
        /** Default `auto`. */
        readonly mode?: 'auto' | 'session' | 'lease' | undefined;
        /** A lease that does not move for so long is taken over. Default 20s. */
        readonly ttl?: RawDuration | undefined;
      }
    | undefined;
  /** Versions below the newest applied one. Default `refuse`. */
  readonly outOfOrder?: 'refuse' | 'allow' | undefined;
  /** SQL for every session. */
  readonly onConnect?: readonly string[] | undefined;
  readonly timeouts?:
    | {
        /** Default 10s. */
        readonly connect?: RawDuration | undefined;
        /** How long one statement waits for a table's lock. Default 2s. */
        readonly ddlLock?: RawDuration | undefined;
        /** Default 0. */
        readonly statement?: RawDuration | undefined;
      }
    | undefined;
  readonly retry?:
    | {
        /** How long a statement that cannot get its table's lock is tried again. Default 5m. */
        readonly ddlLock?: RawDuration | undefined;
      }
    | undefined;
  readonly backfill?:
    | {
        /** Time of one page. Default 500ms. */
        readonly target?: RawDuration | undefined;
        /** Largest page. Default 50000. */
        readonly maxRows?: number | undefined;
        /** Share of the time that is worked, above 0 up to 1. Default 0.7. */
        readonly duty?: number | undefined;
        /** Of replicas. Default 2s. */
        readonly maxLag?: RawDuration | undefined;
      }
    | undefined;
  readonly contract?:
    | {
        /** Time between the last shard's backfill and the contract phase. Default 0. */
        readonly bake?: RawDuration | undefined;
        readonly ready?: RawHook | undefined;
      }
    | undefined;
  readonly lint?:
    | { readonly rules?: Readonly<Record<string, 'off' | 'warn' | 'error'>> | undefined }
    | undefined;
  readonly hooks?:
    | {
        readonly beforeRun?: RawHook | undefined;
        readonly afterRun?: RawHook | undefined;
        readonly beforeWave?: RawHook | undefined;
        readonly afterWave?: RawHook | undefined;
        readonly beforeStep?: RawHook | undefined;
        readonly afterStep?: RawHook | undefined;
      }
    | undefined;
}

/** The config as it is written. In JSON `${NAME}` and `${NAME:-default}` in any text come from the environment. */
export interface RawConfig extends RawSettings {
  /** Merged over the rest by `--env NAME`: sections field by field, lists as a whole. */
  readonly environments?: Readonly<Record<string, RawSettings>> | undefined;
}

/** The config itself; gives editors its type. */
export function defineConfig(config: RawConfig): RawConfig {
  return config;
}
