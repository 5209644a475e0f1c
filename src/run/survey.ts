import type { Shard } from '../config/config.js';
import type { ServerInfo, Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import { type LedgerRow, readLedger, readLog } from '../ledger/read.js';
import { type LedgerTables, ledgerTables } from '../ledger/tables.js';
import type { Shape } from '../migration/shape.js';
import { versionKey } from '../migration/version.js';
import { recordedVersions, refuseLost } from '../plan/lost.js';
import { type PlannedStep, type Request, resolvePlan } from '../plan/plan.js';
import { type MigrationStatus, resolveStatus } from '../plan/status.js';
import { atShard, type RunContext } from './context.js';
import { reconcile } from './reconcile.js';

/** A shard's ledger held against the folder. */
export interface ShardReading {
  readonly server: ServerInfo;
  readonly tables: LedgerTables;
  /** The ledger's tables exist. */
  readonly present: boolean;
  /** In the order in which they were applied. */
  readonly rows: readonly LedgerRow[];
  readonly status: readonly MigrationStatus[];
  /** Versions that the log has, of a ledger without a single row: someone has emptied it. */
  readonly lost: readonly string[];
}

/** Never writes. @throws DbpatError `history_foreign`; DriverError */
export async function readShard(context: RunContext, shard: Shard, session: Session): Promise<ShardReading> {
  const tables = ledgerTables(shard.dialect, session.server.schema, context.config.table);
  let ledger = await readLedger(session, shard.dialect, tables);
  let lost = (ledger ?? []).length > 0 ? [] : await readLost(session, shard, tables);
  if (lost.length > 0) {
    // Another run may have written its first row between the two reads.
    ledger = await readLedger(session, shard.dialect, tables);
    if ((ledger ?? []).length > 0) lost = [];
  }
  const rows = ledger ?? [];
  const edits = await context.edits(session, shard, tables, context.migrations, rows);
  const shapes = await findShapes(context, shard, session, rows);
  const status = resolveStatus(context.migrations, rows, { edits, shapes });
  return { server: session.server, tables, present: ledger !== undefined, rows, status, lost };
}

async function readLost(session: Session, shard: Shard, tables: LedgerTables): Promise<readonly string[]> {
  if (session.server.absent) return [];
  return recordedVersions(await readLog(session, shard.dialect, tables));
}

/** A file that cannot be loaded has no say here: it is refused when it is about to run. */
async function findShapes(
  context: RunContext,
  shard: Shard,
  session: Session,
  rows: readonly LedgerRow[],
): Promise<ReadonlyMap<string, Shape>> {
  const shapes = new Map<string, Shape>();
  const phased = context.migrations.filter((migration) => migration.kind === 'phased');
  if (phased.length === 0) return shapes;
  const recorded = new Map(rows.map((row) => [versionKey(row.version), row]));
  for (const migration of phased) {
    const key = versionKey(migration.version);
    if (recorded.get(key)?.checksum === migration.checksum) continue;
    const shape = await context.parts.shape(migration, shard, session).catch(() => undefined);
    if (shape !== undefined) shapes.set(key, shape);
  }
  return shapes;
}

export interface ShardWork {
  readonly reading: ShardReading;
  readonly steps: readonly PlannedStep[];
  readonly warnings: readonly string[];
  /** A step seems to be unfinished. Only who holds the lock can tell it from one that another run is at. */
  readonly undecided?: DbpatError;
}

/**
 * What a request means on one shard. Never writes.
 * @param locked the shard's lock is held: what is unfinished is a refusal
 * @throws DbpatError the plan's refusal, `history_foreign`, `read_only` when there is work for a server that takes none
 */
export async function planShard(
  context: RunContext,
  shard: Shard,
  session: Session,
  request: Request,
  locked: boolean,
): Promise<ShardWork> {
  let reading = await readShard(context, shard, session);
  if (locked && (await reconcile(context, shard, session, reading.tables, reading.rows)))
    reading = await readShard(context, shard, session);
  const at = atShard(context, shard);
  if (request.direction === 'up' && reading.lost.length > 0)
    throw refuseLost(reading.lost, reading.status, at).with({ shard: shard.name });
  const plan = resolvePlan(reading.status, request, at);
  const refusal = plan.refusal?.with({ shard: shard.name });
  if (refusal?.code === 'unfinished' && !locked)
    return { reading, steps: [], warnings: plan.warnings, undecided: refusal };
  if (refusal !== undefined) throw refusal;
  if (plan.steps.length > 0 && reading.server.role !== 'primary') throw notWritable(shard, reading.server);
  return { reading, steps: plan.steps, warnings: plan.warnings };
}

/** The refusal of a server that takes no writes. */
export function notWritable(shard: Shard, server: ServerInfo): DbpatError {
  const what = server.role === 'replica' ? 'is a replica' : 'is read-only';
  return new DbpatError('read_only', `${shard.name}: ${shard.target.display} ${what}; nothing ran`, {
    shard: shard.name,
    hint: 'point the shard at the primary',
  });
}

/** Two shards that are one database and schema, as the servers say. @throws DbpatError `shards_duplicate` */
export function refuseTwins(
  readings: readonly { readonly shard: Shard; readonly server: ServerInfo }[],
): void {
  const seen = new Map<string, string>();
  for (const { shard, server } of readings) {
    const other = seen.get(server.identity);
    if (other !== undefined) {
      throw new DbpatError(
        'shards_duplicate',
        `the shards ${other} and ${shard.name} are the same database; nothing ran`,
        {
          shard: shard.name,
          hint: 'take one of them out of the config, or give each its own schema',
        },
      );
    }
    seen.set(server.identity, shard.name);
  }
}
