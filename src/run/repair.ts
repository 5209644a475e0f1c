import type { Shard } from '../config/config.js';
import type { LedgerWriter, StepRecord } from '../ledger/write.js';
import { type PhaseRepair, parseRepair, resolveRepair } from '../plan/repair.js';
import { atShard, type RunContext } from './context.js';
import type { Edit, EditPlan } from './ledger-edit.js';
import type { RepairOptions } from './migrator.js';
import type { ShardReading } from './survey.js';

/** What a repair writes on one shard. @throws DbpatError `usage` when the version is followed by no phase */
export function planRepair(
  context: RunContext,
  options: RepairOptions,
): (shard: Shard, reading: ShardReading, writer: LedgerWriter) => EditPlan {
  const request = parseRepair(options.action, options.version);
  return (shard, reading, writer) => {
    const { changes, ...rest } = resolveRepair(reading.status, request, atShard(context, shard));
    const edits = changes.map((change) => makeEdit(context, options, shard, reading, writer, change));
    return { edits, ...rest };
  };
}

function makeEdit(
  context: RunContext,
  options: RepairOptions,
  shard: Shard,
  reading: ShardReading,
  writer: LedgerWriter,
  { entry, phase, row }: PhaseRepair,
): Edit {
  const { action, reason } = options;
  const { migration } = entry;
  const record: StepRecord = {
    version: row?.version ?? entry.version,
    phase,
    direction: 'up',
    description: entry.description,
    checksum: migration?.checksum ?? row!.checksum,
    appliedOrder: row?.appliedOrder ?? nextOrder(reading),
    source: migration === undefined ? null : context.parts.source(migration, shard, reading.server),
    ...(phase === 'up' ? {} : { phased: entry.shape }),
  };
  const name = `${entry.version}${phase === 'up' ? '' : `:${phase}`} ${entry.description}`;
  const common = { version: record.version, description: entry.description, phase };
  const line = (facts: Readonly<Record<string, unknown>> = {}) =>
    writer.log('repair', record, { action, reason, ...facts });
  switch (action) {
    case 'accept':
      return {
        ...common,
        change: 'accepted',
        what: `${name}: the file as it is now counts as applied`,
        queries: [writer.accepted(record, row!.progress), line({ from: row!.checksum, to: record.checksum })],
      };
    case 'applied':
      return {
        ...common,
        change: 'applied',
        what: `${name}: counts as applied`,
        queries: [writer.applied(record, 0)[0]!, line()],
      };
    case 'reverted':
      return {
        ...common,
        change: 'reverted',
        what: `${name}: counts as not applied`,
        queries: [writer.reverted(record, 0)[0]!, line({ checksum: row!.checksum })],
      };
    case 'resume': {
      const journal = row!.progress!;
      const [failed] = writer.failed(
        record,
        { ...journal, inFlight: null },
        { code: 'unfinished', message: reason },
      );
      return {
        ...common,
        change: 'resumed',
        what: `${name}: its ${journal.direction} goes on at statement ${journal.done + 1}`,
        queries: [failed!, line({ from: journal.done + 1 })],
      };
    }
  }
}

/** The place of a row that is added to what a shard has. */
export function nextOrder(reading: ShardReading): number {
  return 1 + reading.rows.reduce((most, row) => Math.max(most, row.appliedOrder), 0);
}
