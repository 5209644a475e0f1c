import type { Dialect, Query, SqlValue } from '../dialects/dialect.js';
import type { Direction, Phase } from '../events.js';
import type { Journal, LedgerStatus, PhasedNote } from './read.js';
import type { LedgerTables } from './tables.js';

/** Who writes, the same for all shards of a run. */
export interface RunStamp {
  readonly runId: string;
  /** `user@host`. */
  readonly actor: string;
  readonly toolVersion: string;
}

export interface StepRecord {
  readonly version: string;
  readonly phase: Phase;
  readonly direction: Direction;
  readonly description: string;
  readonly checksum: string;
  readonly appliedOrder: number;
  readonly source: string | null;
  /** Only of a phased migration. */
  readonly phased?: PhasedNote;
}

/** Names a row, with what its journal stands beside. */
export type StepKey = Pick<StepRecord, 'version' | 'phase' | 'phased'>;

/** Statements that write the ledger; each function returns them, none sends them. */
export interface LedgerWriter {
  /** The step is done: row and log line. `elapsedMs` undefined: the database measures. */
  applied(step: StepRecord, elapsedMs: number | undefined): readonly Query[];
  reverted(step: StepRecord, elapsedMs: number | undefined): readonly Query[];
  /**
   * Row of a journalled step that has begun, or goes on after `resumed` statements. With the statement under way goes
   * what the catalogue says.
   */
  began(step: StepRecord, journal: Journal, resumed: number): readonly Query[];
  progress(step: StepKey, journal: Journal): Query;
  /** Without a journal, the one that is there stays. */
  failed(
    step: StepRecord,
    journal: Journal | null,
    error: Readonly<Record<string, unknown>>,
  ): readonly Query[];
  /** Reads the journal of a step: one row with `progress`. */
  journalOf(step: StepKey): Query;
  /** The text of a recorded phase is now another one; its journal stays what it is. */
  accepted(step: StepRecord, journal: Journal | null): Query;
  /** One line of the log. */
  log(
    event: string,
    step: Pick<StepRecord, 'version' | 'phase' | 'direction'> | null,
    detail: Readonly<Record<string, unknown>>,
  ): Query;
}

export function ledgerWriter(dialect: Dialect, tables: LedgerTables, stamp: RunStamp): LedgerWriter {
  const { now, elapsedMs: measured } = dialect.ledger;
  const elapsed = (ms: number | undefined) =>
    ms === undefined ? (measured ?? '0') : String(Math.max(0, Math.round(ms)));

  /** As the database computes it: what the catalogue says of the statement under way is read in the same write. */
  const progress = (step: StepKey, journal: Journal | null): Query => {
    const text = progressText(step, journal);
    const trace = journal?.inFlight?.trace;
    if (trace === undefined || dialect.tracing === undefined || journal?.seen !== undefined)
      return { sql: '?', params: [text] };
    const { tracing } = dialect;
    const facts = tracing.facts(trace);
    const head = `${text!.slice(0, -1)},"seen":{"place":`;
    return {
      sql: dialect.ledger.concat(['?', tracing.place, '?', facts.sql, '?']),
      params: [head, ',"facts":', ...(facts.params ?? []), '}}'],
    };
  };

  const upsert = (
    step: StepRecord,
    status: LedgerStatus,
    ms: number | undefined,
    journal: Journal | null,
    error: unknown,
    value = progress(step, journal),
  ): Query => ({
    sql: `insert into ${tables.main} (version, phase, description, checksum, status, applied_order, applied_at, duration_ms, run_id, applied_by, tool_version, progress, error, source)
 values (?, ?, ?, ?, ?, ?, ${now}, ${elapsed(ms)}, ?, ?, ?, ${value.sql}, ?, ?) ${dialect.ledger.upsert(['version', 'phase'], ['description', 'checksum', 'status', 'applied_at', 'duration_ms', 'run_id', 'applied_by', 'tool_version', 'progress', 'error', 'source'])}`,
    params: [
      step.version,
      step.phase,
      step.description,
      step.checksum,
      status,
      step.appliedOrder,
      stamp.runId,
      stamp.actor,
      stamp.toolVersion,
      ...value.params!,
      jsonOrNull(error),
      step.source,
    ],
  });

  const log: LedgerWriter['log'] = (event, step, detail) => logLine(event, step, JSON.stringify(detail));
  const logLine = (event: string, step: Parameters<LedgerWriter['log']>[1], detail: string): Query => ({
    sql: `insert into ${tables.log} (at, run_id, version, phase, direction, event, actor, detail) values (${now}, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      stamp.runId,
      step?.version ?? null,
      step?.phase ?? null,
      step?.direction ?? null,
      event,
      stamp.actor,
      detail,
    ],
  });
  const timed = (ms: number | undefined, extra: Readonly<Record<string, SqlValue>>) => ({
    ...(ms === undefined ? {} : { durationMs: Math.round(ms) }),
    ...extra,
  });

  return {
    applied: (step, ms) => [
      upsert(step, 'applied', ms, null, null),
      log('apply', step, timed(ms, { checksum: step.checksum })),
    ],
    reverted: (step, ms) => [
      {
        sql: `delete from ${tables.main} where version = ? and phase = ?`,
        params: [step.version, step.phase],
      },
      log('revert', step, timed(ms, { checksum: step.checksum })),
    ],
    began: (step, journal, resumed) => [
      upsert(step, 'running', 0, journal, null),
      ...(resumed > 0 ? [log('resume', step, { from: resumed + 1, of: journal.total })] : []),
    ],
    progress: (step, journal) => {
      const value = progress(step, journal);
      return {
        sql: `update ${tables.main} set progress = ${value.sql} where version = ? and phase = ?`,
        params: [...value.params!, step.version, step.phase],
      };
    },
    failed: (step, journal, error) => [
      {
        sql: `update ${tables.main} set status = ?, ${journal === null ? '' : 'progress = ?, '}error = ? where version = ? and phase = ?`,
        params: [
          'failed',
          ...(journal === null ? [] : [progressText(step, journal)]),
          JSON.stringify(error),
          step.version,
          step.phase,
        ],
      },
      log('fail', step, error),
    ],
    journalOf: (step) => ({
      sql: `select progress from ${tables.main} where version = ? and phase = ?`,
      params: [step.version, step.phase],
    }),
    accepted: (step, journal) => ({
      sql: `update ${tables.main} set checksum = ?, description = ?, source = ?, progress = ? where version = ? and phase = ?`,
      params: [
        step.checksum,
        step.description,
        step.source,
        progressText(step, journal),
        step.version,
        step.phase,
      ],
    }),
    log,
  };
}

function progressText({ phased }: StepKey, journal: Journal | null): string | null {
  return phased === undefined ? jsonOrNull(journal) : JSON.stringify({ ...phased, ...journal });
}

function jsonOrNull(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
