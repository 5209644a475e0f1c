import { type Dialect, DriverError, type Row, type Session } from '../dialects/dialect.js';
import type { Facts, Trace } from '../dialects/trace.js';
import { DbpatError } from '../errors.js';
import type { Direction, Phase } from '../events.js';
import type { LedgerTables } from './tables.js';

export type LedgerStatus = 'running' | 'applied' | 'failed';

/** A statement whose end is not recorded: it may or may not have taken effect. */
export interface InFlight {
  readonly index: number;
  /** Its first words. */
  readonly words: string;
  /** Sending it again does no harm. */
  readonly repeatable: boolean;
  /** The server's name for the session that sent it. */
  readonly session?: string;
  /** `Journal.prefix` once it counts as done. */
  readonly through?: string;
  /** `Journal.calls` once it counts as done. */
  readonly calls?: Calls;
  /** How it shows in the catalogue. */
  readonly trace?: Trace;
}

/** So many equal replies to statements with an effect: rows affected, rows changed, id given. */
export type Reply = readonly [
  times: number,
  affected: string,
  changed: string | null,
  insertId: string | null,
];

/** What a module has asked for up to its last effect, and the replies that it got for effects. */
export interface Calls {
  readonly count: number;
  /** Over texts, parameters and the rows that were read. */
  readonly hash: string;
  readonly replies: readonly Reply[];
}

/** What the catalogue said just before the statement under way was sent. */
export interface Seen {
  readonly place: string;
  readonly facts: Facts;
}

/** The statement journal of a step that cannot be rolled back. */
export interface Journal {
  readonly direction: Direction;
  /** How many statements the text had; null for a module, whose statements are known only when they come. */
  readonly total: number | null;
  /** Statements that took effect, from the first on. */
  readonly done: number;
  /** Hash over the texts of the done statements; null for a module. */
  readonly prefix: string | null;
  readonly inFlight: InFlight | null;
  readonly seen?: Seen;
  /** Of a module; absent when it cannot be taken up again. */
  readonly calls?: Calls;
}

/** What each row of a phased migration says about the whole of it, so that no file is needed to know. */
export interface PhasedNote {
  /** In the order in which they run. */
  readonly phases: readonly Phase[];
  /** Tables whose sync a later migration must not break. */
  readonly tables: readonly string[];
}

/** One phase of one migration on one shard, as recorded. Times are ISO 8601, UTC. */
export interface LedgerRow {
  readonly version: string;
  readonly phase: Phase;
  readonly description: string;
  readonly checksum: string;
  readonly status: LedgerStatus;
  readonly appliedOrder: number;
  readonly appliedAt: string;
  readonly durationMs: number;
  readonly runId: string;
  readonly appliedBy: string;
  readonly toolVersion: string;
  readonly progress: Journal | null;
  /** Only of a phased migration. */
  readonly phased?: PhasedNote;
  readonly error: Readonly<Record<string, unknown>> | null;
}

const columns =
  'version, phase, description, checksum, status, applied_order, duration_ms, run_id, applied_by, tool_version, progress, error';

/**
 * All rows, in the order in which they were applied; undefined where there is no ledger. Never writes.
 * @throws DbpatError `history_foreign` when the table is another tool's; DriverError
 */
export async function readLedger(
  session: Session,
  dialect: Dialect,
  tables: LedgerTables,
): Promise<readonly LedgerRow[] | undefined> {
  try {
    const { rows } = await session.query({
      sql: `select ${columns}, ${dialect.ledger.iso('applied_at')} as applied_at from ${tables.main} order by applied_order`,
    });
    return rows.map(toLedgerRow);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    if (error.kind === 'no-such-table') {
      await refuseElsewhere(session, dialect, tables);
      return undefined;
    }
    if (error.kind === 'no-such-column') throw await foreignLedger(session, dialect, tables);
    throw error;
  }
}

/** What `readSources` files a text under. */
export function sourceKey({ version, phase }: Pick<LedgerRow, 'version' | 'phase'>): string {
  return `${version} ${phase}`;
}

/** The stored texts of some migrations, each as its phase was applied, by `sourceKey`. Never writes. */
export async function readSources(
  session: Session,
  tables: LedgerTables,
  versions: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (versions.length === 0) return new Map();
  const { rows } = await session.query({
    sql: `select version, phase, source from ${tables.main} where version in (${versions.map(() => '?').join(', ')}) and source is not null`,
    params: versions,
  });
  return new Map(rows.map((row) => [`${row.version} ${row.phase}`, String(row.source)]));
}

export interface LogLine {
  readonly seq: number;
  readonly at: string;
  readonly runId: string;
  readonly version: string | null;
  readonly phase: string | null;
  readonly direction: string | null;
  readonly event: string;
  readonly actor: string;
  readonly detail: unknown;
}

/** The append-only log, oldest first; empty where there is no ledger. Never writes. */
export async function readLog(
  session: Session,
  dialect: Dialect,
  tables: LedgerTables,
  runId?: string,
): Promise<readonly LogLine[]> {
  try {
    const { rows } = await session.query({
      sql: `select seq, run_id, version, phase, direction, event, actor, detail, ${dialect.ledger.iso('at')} as at from ${tables.log}${runId === undefined ? '' : ' where run_id = ?'} order by seq`,
      params: runId === undefined ? [] : [runId],
    });
    return rows.map((row) => ({
      seq: Number(row.seq),
      at: String(row.at),
      runId: String(row.run_id),
      version: textOrNull(row.version),
      phase: textOrNull(row.phase),
      direction: textOrNull(row.direction),
      event: String(row.event),
      actor: String(row.actor),
      detail: parseJson(row.detail),
    }));
  } catch (error) {
    if (error instanceof DriverError && error.kind === 'no-such-table') return [];
    throw error;
  }
}

function toLedgerRow(row: Row): LedgerRow {
  return {
    version: String(row.version),
    phase: String(row.phase) as Phase,
    description: String(row.description),
    checksum: String(row.checksum),
    status: String(row.status) as LedgerStatus,
    appliedOrder: Number(row.applied_order),
    appliedAt: String(row.applied_at),
    durationMs: Number(row.duration_ms),
    runId: String(row.run_id),
    appliedBy: String(row.applied_by),
    toolVersion: String(row.tool_version),
    progress: readJournal(row.progress),
    ...notesOf(row.progress),
    error: parseJson(row.error) as LedgerRow['error'],
  };
}

/** The journal in the column `progress`, null where it holds none. */
export function readJournal(value: unknown): Journal | null {
  const progress = parseJson(value) as (Journal & Partial<PhasedNote>) | null;
  if (progress?.phases === undefined) return progress;
  const { phases: _ofAll, tables: _too, ...journal } = progress;
  return 'direction' in journal ? journal : null;
}

/** What the column `progress` holds beside the journal. */
function notesOf(value: unknown): Pick<LedgerRow, 'phased'> {
  const { phases, tables = [] } = (parseJson(value) ?? {}) as Partial<PhasedNote>;
  return phases === undefined ? {} : { phased: { phases, tables } };
}

function parseJson(value: unknown): unknown {
  if (value === null || value === undefined || value === '') return null;
  try {
    return JSON.parse(String(value));
  } catch {
    return { text: String(value) };
  }
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** Column sets of other tools' tables of the same name, told apart by what only they have. */
const foreignLayouts: readonly { readonly tool: string; readonly columns: readonly string[] }[] = [
  { tool: 'golang-migrate', columns: ['version', 'dirty'] },
  { tool: 'rails', columns: ['version'] },
  { tool: 'ecto', columns: ['version', 'inserted_at'] },
];

async function foreignLedger(session: Session, dialect: Dialect, tables: LedgerTables): Promise<DbpatError> {
  const { rows } = await session.query(dialect.ledger.columns(tables.name, session.server.schema));
  const names = rows.map((row) => String(row.name).toLowerCase());
  const known = foreignLayouts.find(
    (layout) => layout.columns.length === names.length && layout.columns.every((c) => names.includes(c)),
  );
  const owner =
    known === undefined ? 'another tool' : known.tool === 'rails' ? 'Rails or dbmate' : known.tool;
  return new DbpatError(
    'history_foreign',
    `the table ${tables.name} belongs to ${owner} (its columns: ${names.join(', ')}); nothing was written`,
    {
      hint: `dbpat migrate adopt --from ${known?.tool ?? 'TOOL'}, or set another \`table\` in the config`,
    },
  );
}

async function refuseElsewhere(session: Session, dialect: Dialect, tables: LedgerTables): Promise<void> {
  const query = dialect.ledger.elsewhere(tables.name, session.server.schema);
  if (query === null) return;
  const { rows } = await session.query(query);
  const other = rows[0]?.name;
  if (other === undefined) return;
  throw new DbpatError(
    'history_foreign',
    `there is no ${tables.name} in the schema ${session.server.schema}, but the search_path also reaches one in the schema ${String(other)}`,
    {
      hint: `set schema: '${String(other)}' for this shard, or take ${String(other)} off the role's search_path`,
    },
  );
}
