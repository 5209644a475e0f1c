import type { Dialect, Target, TlsOptions } from '../dialects/dialect.js';

/** One database, or one schema of one. Checked; holds no plain password in an enumerable field. */
export interface Shard {
  readonly name: string;
  readonly dialect: Dialect;
  readonly target: Target;
  /** Past the pooler, for what a pooler cannot do. */
  readonly directTarget?: Target;
  readonly replicas: readonly Target[];
  readonly group?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly schema?: string;
  readonly protected: boolean;
  readonly tls: TlsOptions;
  /** The config's `onConnect`, then the shard's own. */
  readonly onConnect: readonly string[];
}

export interface Wave {
  readonly name: string;
  /** Selectors as written: names, globs, `group:G`, `label:K=V`, `25%`. */
  readonly shards: readonly string[];
  readonly pauseMs: number;
  readonly concurrency?: number;
  readonly onFailure: 'stop' | 'continue';
  readonly maxFailures?: { readonly count: number } | { readonly percent: number };
}

export type Hook = (context: unknown) => unknown;

/** The whole config, checked. */
export interface Config {
  /** Folder of the config file, or the working directory without one. Absolute. */
  readonly root: string;
  /** Absolute; absent when there is no config file. */
  readonly file?: string;
  readonly environment?: string;
  /** Absolute. */
  readonly migrations: string;
  readonly table: string;
  /** In the order of the config; at least one; names unique. */
  readonly shards: readonly Shard[];
  readonly waves: readonly Wave[];
  readonly routing?: {
    readonly strategy: 'hash' | 'range' | 'geo' | 'directory';
    readonly key: string;
    readonly options: Readonly<Record<string, unknown>>;
  };
  readonly concurrency: number;
  readonly perHost: number;
  readonly lock: {
    readonly waitMs: number;
    readonly mode: 'auto' | 'session' | 'lease';
    /** A lease that does not move for so long may be taken over. */
    readonly ttlMs: number;
  };
  readonly outOfOrder: 'refuse' | 'allow';
  readonly timeouts: { readonly connectMs: number; readonly ddlLockMs: number; readonly statementMs: number };
  readonly retry: { readonly ddlLockMs: number };
  readonly backfill: {
    readonly targetMs: number;
    readonly maxRows: number;
    readonly duty: number;
    readonly maxLagMs: number;
  };
  readonly contract: { readonly bakeMs: number; readonly ready?: Hook };
  readonly lint: { readonly rules: Readonly<Record<string, 'off' | 'warn' | 'error'>> };
  readonly hooks: Readonly<Record<string, Hook>>;
}
