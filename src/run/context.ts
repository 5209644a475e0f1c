import type { Config, Shard } from '../config/config.js';
import type { ConnectOptions, Session, Target } from '../dialects/dialect.js';
import type { Emit } from '../events.js';
import type { RunStamp } from '../ledger/write.js';
import type { Migration } from '../migration/migration.js';
import type { EditFinder } from './edits.js';
import { eachLimited } from './limits.js';
import type { PartStore } from './parts.js';

/** What all shards of one command share. */
export interface RunContext {
  /** As typed: `migrate up`. */
  readonly command: string;
  readonly config: Config;
  /** Sorted by version. */
  readonly migrations: readonly Migration[];
  readonly parts: PartStore;
  readonly edits: EditFinder;
  readonly stamp: RunStamp;
  readonly emit: Emit;
  /** Aborted: stop at the next safe point. */
  readonly signal: AbortSignal;
  /** The caller's environment, put back after each module that has changed it. */
  readonly env?: Record<string, string | undefined>;
}

/** ` --shard NAME` where there are others: what a hint adds, so that it does not reach them. */
export function atShard({ config }: RunContext, shard: Shard): string {
  return config.shards.length === 1 ? '' : ` --shard ${shard.name}`;
}

/** Runs work for every shard within the limits of the config; results in the order of the shards. */
export function eachShard<T>(
  { config }: Pick<RunContext, 'config'>,
  shards: readonly Shard[],
  work: (shard: Shard) => Promise<T>,
): Promise<readonly T[]> {
  const { concurrency: total, perHost: perKey } = config;
  return eachLimited(shards, { total, perKey, keyOf: (shard) => shard.target.server }, work);
}

export function connectOptions(
  shard: Shard,
  config: Config,
  access: ConnectOptions['access'],
  create = true,
): ConnectOptions {
  return {
    access,
    create,
    schema: shard.schema,
    tls: shard.tls,
    connectMs: config.timeouts.connectMs,
    statementMs: config.timeouts.statementMs,
    ddlLockMs: config.timeouts.ddlLockMs,
    onConnect: shard.onConnect,
    resolveFrom: config.root,
    applicationName: 'dbpat',
  };
}

/** Where dbpat's own sessions go: past the pooler, where the config says how. */
export function workTarget(shard: Shard): Target {
  return shard.directTarget ?? shard.target;
}

/** A session for the time of `work`. @throws DbpatError `driver_missing`, `tls_required`; DriverError */
export async function withSession<T>(
  shard: Shard,
  config: Config,
  access: ConnectOptions['access'],
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await shard.dialect.connect(workTarget(shard), connectOptions(shard, config, access));
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
