import type { Shard } from '../config/config.js';
import type { Session } from '../dialects/dialect.js';
import { type LedgerRow, readSources, sourceKey } from '../ledger/read.js';
import type { LedgerTables } from '../ledger/tables.js';
import type { Migration } from '../migration/migration.js';
import { isCosmeticEdit, renderSource } from '../migration/part.js';
import { versionKey } from '../migration/version.js';
import { changedRows, type Edit } from '../plan/status.js';

/** What has become of applied migrations whose checksum differs, by version key. Reads stored texts only where needed. */
export type EditFinder = (
  session: Session,
  shard: Shard,
  tables: LedgerTables,
  migrations: readonly Migration[],
  rows: readonly LedgerRow[],
) => Promise<ReadonlyMap<string, Edit>>;

/** Remembers answers, so that a thousand shards with the same edit compare it once. */
export function editFinder(): EditFinder {
  const known = new Map<string, Promise<Edit>>();
  return async (session, shard, tables, migrations, rows) => {
    const changed = changedRows(migrations, rows);
    if (changed.length === 0) return new Map();
    const stored = await readSources(session, tables, [...new Set(changed.map(({ row }) => row.version))]);
    const edits = new Map<string, Edit>();
    for (const { row, migration } of changed) {
      const key = `${shard.dialect.name} ${migration.version} ${row.checksum} ${migration.checksum}`;
      let edit = known.get(key);
      if (edit === undefined) {
        edit = compare(stored.get(sourceKey(row)), migration, shard);
        known.set(key, edit);
      }
      const found = await edit;
      const version = versionKey(row.version);
      // Of a migration whose phases were applied from several texts, the greatest change counts.
      if (edits.get(version)?.cosmetic !== false) edits.set(version, found);
    }
    return edits;
  };
}

async function compare(before: string | undefined, migration: Migration, shard: Shard): Promise<Edit> {
  if (before === undefined) return { cosmetic: false };
  const after = renderSource(migration, shard.dialect);
  if (before === after) return { cosmetic: true };
  const cosmetic = await isCosmeticEdit(before, after, migration.form, shard.dialect);
  const { createTwoFilesPatch } = await import('diff');
  const name = migration.files[0]!.display;
  const patch = createTwoFilesPatch(
    `${name} (as applied)`,
    `${name} (now)`,
    before,
    after,
    undefined,
    undefined,
    { context: 3 },
  );
  return { cosmetic, diff: patch.replace(/^=+\n/, '') };
}
