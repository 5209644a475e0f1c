import type { Phase } from '../events.js';
import type { LedgerRow } from '../ledger/read.js';
import type { Migration } from '../migration/migration.js';
import { phaseOrder, phaseRank } from '../migration/phase.js';
import { plainShape, type Shape } from '../migration/shape.js';
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
  /** Those that it has, in the order in which they run; `['up']` for a plain one. */
  readonly shape: Shape;
  readonly edit?: Edit;
  /** Missing, but newer than every file: the checkout is behind the database. */
  readonly ahead?: true;
}

/** What has been found out beside names and rows, by version key. */
export interface Findings {
  /** Of those whose checksum differs. */
  readonly edits?: ReadonlyMap<string, Edit>;
  /** Of phased migrations that have no row, or one of another text; others' rows say it. */
  readonly shapes?: ReadonlyMap<string, Shape>;
}

/** Every migration of the folder or the ledger, by version. Pure. */
export function resolveStatus(
  migrations: readonly Migration[],
  rows: readonly LedgerRow[],
  { edits = new Map(), shapes = new Map() }: Findings = {},
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
      const shape = shapes.get(key) ?? shapeOf(migration);
      const older = newestApplied !== undefined && compareVersions(version, newestApplied) < 0;
      const state = older && !mayWait(shape) ? 'out-of-order' : 'pending';
      statuses.push({ version, description, state, migration, rows: [], shape });
      continue;
    }
    const edit = edits.get(key);
    const shape = shapes.get(key) ?? recordedShape(own);
    statuses.push({
      version,
      description,
      state: stateOf(own, shape, edit),
      migration,
      rows: byPhase(own),
      shape,
      ...(edit === undefined ? {} : { edit }),
    });
  }
  const newestFile = migrations.at(-1)?.version;
  for (const own of recorded.values()) {
    const { version, description } = own[0]!;
    const ahead = newestFile !== undefined && compareVersions(version, newestFile) > 0;
    const found = { rows: byPhase(own), shape: recordedShape(own), ...(ahead ? { ahead } : {}) };
    statuses.push({ version, description, state: 'missing', ...found });
  }
  return recorded.size === 0 ? statuses : statuses.sort((a, b) => compareVersions(a.version, b.version));
}

/** What a phased migration is taken for until its file has been looked into. */
function shapeOf(migration: Migration): Shape {
  if (migration.kind === 'plain') return plainShape;
  return { phases: phaseOrder.filter((phase) => phase !== 'switch'), tables: [] };
}

/** What begins later than newer migrations by its nature: its first phase is not one that every `up` runs. */
function mayWait({ phases }: Shape): boolean {
  return phases[0] !== 'up' && phases[0] !== 'expand';
}

function recordedShape(rows: readonly LedgerRow[]): Shape {
  return rows.find((row) => row.phased !== undefined)?.phased ?? plainShape;
}

function byPhase(rows: readonly LedgerRow[]): readonly LedgerRow[] {
  return rows.length === 1 ? rows : [...rows].sort((a, b) => phaseRank(a.phase) - phaseRank(b.phase));
}

/** A backfill that stopped goes on by itself: it is not unfinished in the sense that someone must decide. */
function stateOf(rows: readonly LedgerRow[], { phases }: Shape, edit: Edit | undefined): MigrationState {
  const changed = edit !== undefined && !edit.cosmetic;
  if (changed && rows.some((row) => row.status === 'applied')) return 'changed';
  if (rows.some((row) => row.status === 'failed')) return 'failed';
  if (rows.some((row) => row.status === 'running' && row.phase !== 'backfill')) return 'unfinished';
  const applied = rows.filter((row) => row.status === 'applied').length;
  return applied < phases.length ? 'partial' : 'applied';
}

/** The phases that have not been applied, in order, up to `through`. Pure. */
export function openPhases({ rows, shape }: MigrationStatus, through: Phase = 'backfill'): readonly Phase[] {
  return shape.phases.filter(
    (phase) =>
      phaseRank(phase) <= phaseRank(through) &&
      !rows.some((row) => row.phase === phase && row.status === 'applied'),
  );
}

const startable: ReadonlySet<MigrationState> = new Set([
  'pending',
  'out-of-order',
  'failed',
  'unfinished',
  'partial',
]);

/** `up` has something to do for it. Pure. */
export function isWaiting(entry: MigrationStatus, through?: Phase): boolean {
  return startable.has(entry.state) && openPhases(entry, through).length > 0;
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
