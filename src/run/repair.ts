import type { Shard } from '../config/config.js';
import type { Query } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import { ledgerWriter, type StepRecord } from '../ledger/write.js';
import { versionKey } from '../migration/version.js';
import { runExitCode } from '../plan/outcome.js';
import { type RunContext, withSession } from './context.js';
import { shardError } from './failure.js';
import { eachLimited } from './limits.js';
import { withLock } from './lock.js';
import type { RepairOptions } from './migrator.js';
import { errorReport, type RepairResult } from './results.js';
import { readShard, type ShardReading } from './survey.js';

interface Change {
  readonly what: string;
  readonly queries: readonly Query[];
}

/** Changes what the ledger says, never the schema; every change is a line of the log with the reason. */
export async function repairFleet(
  context: RunContext,
  shards: readonly Shard[],
  options: RepairOptions,
): Promise<RepairResult> {
  const { config, stamp, emit, signal } = context;
  const limits = {
    total: config.concurrency,
    perKey: config.perHost,
    keyOf: (shard: Shard) => shard.target.server,
  };
  const ends = await eachLimited(shards, limits, async (shard) => {
    try {
      const changes = await withSession(shard, config, 'write', async (session) => {
        const { tables, present } = await readShard(context, shard, session);
        return withLock({ session, shard, tables, present, config, stamp, emit, signal }, async () => {
          const reading = await readShard(context, shard, session);
          const change = resolveRepair(context, shard, reading, options);
          if (change === undefined) return [];
          await session.batch(change.queries);
          return [change.what];
        });
      });
      return { shard: shard.name, changes };
    } catch (thrown) {
      return { shard: shard.name, changes: [], fault: shardError(thrown, shard) };
    }
  });
  const exitCode = runExitCode(
    ends.map((end) => ({
      outcome: 'fault' in end ? 'failed' : 'applied',
      hadWork: end.changes.length > 0,
      ...('fault' in end && end.fault !== undefined ? { error: end.fault } : {}),
    })),
  );
  return {
    command: context.command,
    ok: exitCode === 0,
    exitCode,
    runId: stamp.runId,
    shards: ends.map((end) => ({
      shard: end.shard,
      changes: end.changes,
      ...('fault' in end && end.fault !== undefined ? { error: errorReport(end.fault) } : {}),
    })),
  };
}

function resolveRepair(
  context: RunContext,
  shard: Shard,
  reading: ShardReading,
  options: RepairOptions,
): Change | undefined {
  const entry = reading.status.find((one) => versionKey(one.version) === versionKey(options.version));
  if (entry === undefined) {
    throw new DbpatError('usage', `there is no migration ${options.version}`, {
      version: options.version,
      hint: 'dbpat migrate status',
    });
  }
  const row = entry.rows[0];
  const writer = ledgerWriter(shard.dialect, reading.tables, context.stamp);
  const detail = { action: options.action, reason: options.reason };
  const record = (): StepRecord => ({
    version: row?.version ?? entry.version,
    phase: 'up',
    direction: 'up',
    description: entry.description,
    checksum: entry.migration?.checksum ?? row!.checksum,
    appliedOrder:
      row?.appliedOrder ?? 1 + reading.rows.reduce((most, one) => Math.max(most, one.appliedOrder), 0),
    source: entry.migration === undefined ? null : context.parts.source(entry.migration, shard),
  });
  const name = `${entry.version} ${entry.description}`;
  switch (options.action) {
    case 'accept':
      if (row === undefined) throw notApplied(name, options);
      if (entry.migration === undefined || entry.edit === undefined) return undefined;
      return {
        what: `${name}: the file as it is now counts as applied`,
        queries: [
          writer.accepted(record()),
          writer.log('repair', record(), { ...detail, from: row.checksum, to: entry.migration.checksum }),
        ],
      };
    case 'applied':
      if (row?.status === 'applied') return undefined;
      if (entry.migration === undefined) throw notApplied(name, options);
      return {
        what: `${name}: counts as applied`,
        queries: [writer.applied(record(), 0)[0]!, writer.log('repair', record(), detail)],
      };
    case 'reverted':
      if (row === undefined) return undefined;
      return {
        what: `${name}: counts as not applied`,
        queries: [writer.reverted(record(), 0)[0]!, writer.log('repair', record(), detail)],
      };
    case 'resume': {
      const journal = row?.progress;
      if (row === undefined || row.status === 'applied' || !journal) throw notApplied(name, options);
      return {
        what: `${name}: goes on at statement ${journal.done + 1}`,
        queries: [
          ...writer.failed(
            record(),
            { ...journal, inFlight: null },
            { code: 'unfinished', message: options.reason },
          ),
          writer.log('repair', record(), { ...detail, from: journal.done + 1 }),
        ],
      };
    }
  }
}

function notApplied(name: string, options: RepairOptions): DbpatError {
  const what =
    options.action === 'resume'
      ? 'is not unfinished'
      : options.action === 'accept'
        ? 'is not applied'
        : 'has no file here';
  return new DbpatError('usage', `${name} ${what}; nothing was changed`, {
    version: options.version,
    hint: 'dbpat migrate status',
  });
}
