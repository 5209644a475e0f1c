import type { LedgerRow } from '../ledger/read.js';
import type { Migration } from '../migration/migration.js';
import { compareVersions, versionKey } from '../migration/version.js';

export type MigrationState =
  | 'pending'
  | 'applied'
  | 'partial'
  | 'failed'
  | 'unfinished'
  | 'changed'
  | 'missing'
  | 'out-of-order';

/** What a changed checksum means, found by comparing the applied text with the file. */
export interface Edit {
  /** Only comments, white space or case differ: nothing stops. */
  readonly cosmetic: boolean;
  /** Unified diff from the applied text to the file; absent when the applied text is not stored. */
  readonly diff?: string;
}

/** One migration on one shard: what the folder says and what the ledger says. At least one of the two is there. */
export interface MigrationStatus {
  readonly version: string;
  readonly description: string;
  readonly state: MigrationState;
  readonly migration?: Migration;
  /** In the order of the phases; empty when nothing has run. */
  readonly rows: readonly LedgerRow[];
  readonly edit?: Edit;
  /** Missing, but newer than every file: the checkout is behind the database. */
  readonly ahead?: true;
}

/**
 * Every migration of the folder or the ledger, by version. Pure.
 * `edits` holds those whose checksum differs, by version key.
 */
export function resolveStatus(
  migrations: readonly Migration[],
  rows: readonly LedgerRow[],
  edits: ReadonlyMap<string, Edit> = new Map(),
): readonly MigrationStatus[] {
  const recorded = new Map<string, LedgerRow[]>();
  for (const row of rows) {
    const key = versionKey(row.version);
    const list = recorded.get(key);
    if (list === undefined) recorded.set(key, [row]);
    else list.push(row);
  }
  let newestApplied: string | undefined;
  for (const row of rows) {
    if (newestApplied === undefined || compareVersions(row.version, newestApplied) > 0)
      newestApplied = row.version;
  }
  const statuses: MigrationStatus[] = [];
  for (const migration of migrations) {
    const key = versionKey(migration.version);
    const own = recorded.get(key);
    recorded.delete(key);
    const { version, description } = migration;
    if (own === undefined) {
      const late = newestApplied !== undefined && compareVersions(version, newestApplied) < 0;
      statuses.push({ version, description, state: late ? 'out-of-order' : 'pending', migration, rows: [] });
      continue;
    }
    const edit = edits.get(key);
    statuses.push({
      version,
      description,
      state: stateOf(own, edit),
      migration,
      rows: own,
      ...(edit === undefined ? {} : { edit }),
    });
  }
  const newestFile = migrations.at(-1)?.version;
  for (const own of recorded.values()) {
    const { version, description } = own[0]!;
    const ahead = newestFile !== undefined && compareVersions(version, newestFile) > 0;
    statuses.push({ version, description, state: 'missing', rows: own, ...(ahead ? { ahead } : {}) });
  }
  return recorded.size === 0 ? statuses : statuses.sort((a, b) => compareVersions(a.version, b.version));
}

function stateOf(rows: readonly LedgerRow[], edit: Edit | undefined): MigrationState {
  if (rows.some((row) => row.status === 'failed')) return 'failed';
  if (rows.some((row) => row.status === 'running')) return 'unfinished';
  if (edit !== undefined && !edit.cosmetic) return 'changed';
  return 'applied';
}

/** The versions whose recorded checksum is not the folder's, as stored in the ledger. Pure. */
export function changedRows(
  migrations: readonly Migration[],
  rows: readonly LedgerRow[],
): readonly { readonly row: LedgerRow; readonly migration: Migration }[] {
  const byKey = new Map(migrations.map((migration) => [versionKey(migration.version), migration]));
  return rows.flatMap((row) => {
    if (row.status !== 'applied') return [];
    const migration = byKey.get(versionKey(row.version));
    return migration !== undefined && migration.checksum !== row.checksum ? [{ row, migration }] : [];
  });
}
