import type { Shard } from '../config/config.js';
import { DbpatError } from '../errors.js';
import type { LedgerWriter } from '../ledger/write.js';
import { compareVersions } from '../migration/version.js';
import { resolveBaseline } from '../plan/baseline.js';
import { atShard, type RunContext } from './context.js';
import type { EditPlan } from './ledger-edit.js';
import type { BaselineOptions } from './migrator.js';
import { nextOrder } from './repair.js';
import type { ShardReading } from './survey.js';

/**
 * What marking everything up to a version as applied writes on one shard.
 * @throws DbpatError `usage` when the folder has no such version
 */
export function planBaseline(
  context: RunContext,
  { version, reason }: BaselineOptions,
): (shard: Shard, reading: ShardReading, writer: LedgerWriter) => EditPlan {
  const { migrations } = context;
  if (!migrations.some((migration) => compareVersions(migration.version, version) === 0)) {
    const newest = migrations.at(-1)?.version;
    throw new DbpatError('usage', `there is no migration ${version} in the folder; nothing was marked`, {
      version,
      hint:
        newest === undefined
          ? 'dbpat migrate create <description>'
          : `dbpat migrate status (the newest is ${newest})`,
    });
  }
  return (shard, reading, writer) => {
    const { marks, ...rest } = resolveBaseline(reading.status, version, atShard(context, shard));
    const first = nextOrder(reading);
    const edits = marks.map(({ migration, phase, shape }, index) => {
      const record = {
        version: migration.version,
        phase,
        direction: 'up',
        description: migration.description,
        checksum: migration.checksum,
        appliedOrder: first + index,
        source: context.parts.source(migration, shard, reading.server),
        ...(phase === 'up' ? {} : { phased: shape }),
      } as const;
      return {
        version: record.version,
        description: record.description,
        phase: record.phase,
        change: 'baselined' as const,
        what: `${record.version}${phase === 'up' ? '' : `:${phase}`} ${record.description}: counts as applied`,
        queries: [
          writer.applied(record, 0)[0]!,
          writer.log('baseline', record, {
            checksum: record.checksum,
            ...(reason === undefined ? {} : { reason }),
          }),
        ],
      };
    });
    return { edits, ...rest };
  };
}
