import { isGated } from '../migration/phase.js';
import { versionKey } from '../migration/version.js';
import type { MigrationStatus } from './status.js';

/** What is wrong with one migration on one shard, by its error code. */
export interface Problem {
  readonly code:
    | 'history_lost'
    | 'history_changed'
    | 'history_missing'
    | 'history_out_of_order'
    | 'unfinished';
  readonly version: string;
  readonly message: string;
  readonly hint: string;
  readonly diff?: string;
}

/** Everything in a shard's history that a run would refuse. Pending migrations are no problem. Pure. */
export function findProblems(status: readonly MigrationStatus[]): readonly Problem[] {
  return status.flatMap((entry): Problem[] => {
    const { version, description, state, edit, rows } = entry;
    const name = `${version} ${description}`;
    switch (state) {
      case 'changed':
        return [
          {
            code: 'history_changed',
            version,
            message: `${name}: changed after it was applied at ${rows[0]!.appliedAt} by ${rows[0]!.appliedBy}`,
            hint: `restore the file, or: dbpat migrate repair --accept ${version} --reason TEXT`,
            ...(edit?.diff === undefined ? {} : { diff: edit.diff }),
          },
        ];
      case 'missing':
        if (entry.ahead) return [];
        return [
          {
            code: 'history_missing',
            version,
            message: `${name}: applied, but the file is not in the folder`,
            hint: `restore the file, or: dbpat migrate repair --reverted ${version} --reason TEXT`,
          },
        ];
      case 'out-of-order':
        return [
          {
            code: 'history_out_of_order',
            version,
            message: `${name}: not applied, but newer ones are`,
            hint: 'dbpat migrate up --allow-out-of-order, or give the file a newer version',
          },
        ];
      case 'failed':
      case 'unfinished': {
        const row = rows.find(({ status }) => status !== 'applied') ?? rows[0]!;
        const gated = isGated(row.phase);
        return [
          {
            code: 'unfinished',
            version,
            message: `${name}: ${row.phase === 'up' ? '' : `its ${row.phase} `}${state === 'failed' ? 'failed' : 'stopped'} part-way (${row.progress?.done ?? 0} statements done)`,
            hint: gated ? `dbpat migrate contract ${version}` : 'dbpat migrate up',
          },
        ];
      }
      default:
        return [];
    }
  });
}

export interface Difference {
  readonly version: string;
  readonly message: string;
  /** The odd ones: fewer than those they differ from, or half. */
  readonly shards: readonly string[];
}

/** What some shards have applied and others have not, or in another form. Pure; by version. */
export function compareShards(
  shards: readonly { readonly shard: string; readonly status: readonly MigrationStatus[] }[],
): readonly Difference[] {
  const versions = new Map<string, MigrationStatus>();
  const states = shards.map(({ shard, status }) => {
    const own = new Map<string, string>();
    for (const entry of status) {
      const key = versionKey(entry.version);
      versions.set(key, entry);
      if (entry.rows.length > 0)
        own.set(key, entry.rows.map((row) => `${row.phase}:${row.status}:${row.checksum}`).join(' '));
    }
    return { shard, own };
  });
  const differences: Difference[] = [];
  for (const [key, entry] of versions) {
    const byState = new Map<string, string[]>();
    for (const { shard, own } of states) {
      const state = own.get(key) ?? '';
      byState.set(state, [...(byState.get(state) ?? []), shard]);
    }
    if (byState.size < 2) continue;
    const groups = [...byState.entries()].sort((a, b) => b[1].length - a[1].length);
    const odd = groups.slice(1).flatMap(([, names]) => names);
    const absent = byState.get('');
    const message =
      absent === undefined
        ? entry.shape.phases.length > 1
          ? 'in other phases there'
          : 'applied in different forms'
        : groups[0]![0] === ''
          ? 'applied there only'
          : 'not applied there';
    differences.push({
      version: entry.version,
      message: `${entry.version} ${entry.description}: ${message}`,
      shards: odd,
    });
  }
  return differences;
}
