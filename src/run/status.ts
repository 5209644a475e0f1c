import type { Shard } from '../config/config.js';
import type { DbpatError } from '../errors.js';
import type { Phase } from '../events.js';
import type { LedgerRow } from '../ledger/read.js';
import { compareVersions } from '../migration/version.js';
import { describeLost } from '../plan/lost.js';
import { runExitCode } from '../plan/outcome.js';
import { isWaiting, type MigrationStatus } from '../plan/status.js';
import { type RunContext, withSession } from './context.js';
import { shardError } from './failure.js';
import { eachLimited } from './limits.js';
import {
  errorReport,
  type MigrationReport,
  type PhaseReport,
  type ShardStatus,
  type StatusResult,
} from './results.js';
import { readShard, refuseTwins, type ShardReading } from './survey.js';

/** One shard as far as it could be read. */
export interface Read {
  readonly shard: Shard;
  readonly reading?: ShardReading;
  readonly error?: DbpatError;
}

/**
 * Reads every shard. Never writes.
 * @throws DbpatError `shards_duplicate`, and what is wrong before a shard is reached (`driver_missing`, `tls_required`)
 */
export async function readFleet(context: RunContext, shards: readonly Shard[]): Promise<readonly Read[]> {
  const { config } = context;
  const limits = {
    total: config.concurrency,
    perKey: config.perHost,
    keyOf: (shard: Shard) => shard.target.server,
  };
  const reads = await eachLimited(shards, limits, async (shard): Promise<Read> => {
    try {
      return {
        shard,
        reading: await withSession(shard, config, 'read', (session) => readShard(context, shard, session)),
      };
    } catch (thrown) {
      return { shard, error: shardError(thrown, shard) };
    }
  });
  const fatal = reads.find(
    ({ error }) => error !== undefined && (error.exitCode === 2 || error.code === 'tls_required'),
  );
  if (fatal !== undefined) throw fatal.error;
  refuseTwins(
    reads.flatMap(({ shard, reading }) => (reading === undefined ? [] : [{ shard, server: reading.server }])),
  );
  return reads;
}

function hasLost({ reading }: Read): boolean {
  return reading !== undefined && reading.lost.length > 0;
}

const done = new Set(['applied', 'changed', 'missing']);
const conflicting = new Set(['changed', 'out-of-order', 'missing']);

/**
 * Where every shard stands. Exit code: that of shards which could not be read; with `exitCode` also 11 for unfinished
 * migrations, 6 for conflicts and 5 for pending ones.
 */
export async function fleetStatus(
  context: RunContext,
  shards: readonly Shard[],
  exitCode: boolean,
): Promise<StatusResult> {
  const reads = await readFleet(context, shards);
  const statuses = reads.map(({ shard, reading, error }) => shardStatus(shard, reading, error));
  const failures = runExitCode(
    reads.map(({ error }) => ({
      outcome: error === undefined ? 'up-to-date' : 'failed',
      hadWork: false,
      ...(error === undefined ? {} : { error }),
    })),
  );
  const all = statuses.flatMap((status) => status.migrations);
  const has = (test: (migration: MigrationReport) => boolean) => all.some(test);
  const code =
    failures !== 0 || !exitCode
      ? failures
      : has(({ state }) => state === 'unfinished')
        ? 11
        : has(isConflict) || reads.some(hasLost)
          ? 6
          : statuses.some(({ pending }) => pending > 0)
            ? 5
            : 0;
  return {
    command: context.command,
    ok: code === 0,
    exitCode: code,
    shards: statuses,
    summary: {
      shards: statuses.length,
      upToDate: statuses.filter(
        (s) => s.reachable && s.error === undefined && s.pending === 0 && !s.migrations.some(isConflict),
      ).length,
      behind: statuses.filter((s) => s.pending > 0).length,
      conflicts: statuses.filter(
        (s, i) => hasLost(reads[i]!) || s.migrations.some(isConflict) || s.error?.code.startsWith('history_'),
      ).length,
      unreachable: statuses.filter((s) => !s.reachable).length,
    },
  };
}

function isConflict(migration: MigrationReport): boolean {
  return conflicting.has(migration.state) && migration.ahead !== true;
}

function shardStatus(
  shard: Shard,
  reading: ShardReading | undefined,
  error: DbpatError | undefined,
): ShardStatus {
  const status = reading?.status ?? [];
  const newest = reading?.rows
    .filter((row) => row.status === 'applied')
    .reduce<string | null>(
      (max, row) => (max === null || compareVersions(row.version, max) > 0 ? row.version : max),
      null,
    );
  const ahead = status.filter((entry) => entry.ahead);
  return {
    shard: shard.name,
    dialect: shard.dialect.name,
    target: shard.target.display,
    reachable: reading !== undefined || error?.code.startsWith('history_') === true,
    applied: status.filter((entry) => done.has(entry.state)).length,
    pending: status.filter((entry) => isWaiting(entry)).length,
    current: newest ?? null,
    warnings: [
      ...(ahead.length === 0
        ? []
        : [
            `${ahead.length} applied that this checkout does not have: ${ahead.map((entry) => entry.version).join(', ')}`,
          ]),
      ...(reading === undefined || reading.lost.length === 0 ? [] : [describeLost(reading.lost)]),
    ],
    ...(error === undefined ? {} : { error: errorReport(error) }),
    migrations: status.map(migrationReport),
  };
}

function migrationReport(entry: MigrationStatus): MigrationReport {
  return {
    version: entry.version,
    description: entry.description,
    kind: entry.shape.phases.includes('up') ? 'plain' : 'phased',
    state: entry.state,
    phases: entry.shape.phases.map((phase) => {
      const row = entry.rows.find((one) => one.phase === phase);
      return row === undefined ? pendingPhase(phase) : phaseReport(row);
    }),
    ...(entry.edit?.cosmetic ? { cosmetic: true as const } : {}),
    ...(entry.state === 'changed' && entry.edit?.diff !== undefined ? { diff: entry.edit.diff } : {}),
    ...(entry.ahead ? { ahead: true as const } : {}),
  };
}

function pendingPhase(phase: Phase): PhaseReport {
  return {
    phase,
    status: 'pending',
    checksum: null,
    appliedAt: null,
    durationMs: null,
    runId: null,
    appliedBy: null,
  };
}

function phaseReport(row: LedgerRow): PhaseReport {
  const { phase, status, checksum, appliedAt, durationMs, runId, appliedBy, progress } = row;
  return {
    phase,
    status,
    checksum,
    appliedAt,
    durationMs,
    runId,
    appliedBy,
    ...(progress === null ? {} : { progress }),
  };
}
