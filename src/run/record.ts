import type { Shard } from '../config/config.js';
import type { Query, Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import type { LedgerWriter, StepRecord } from '../ledger/write.js';
import type { SqlPart } from '../migration/migration.js';
import { classify } from '../sql/classify.js';
import type { RunContext } from './context.js';
import type { ReadyStep } from './parts.js';

export interface StepRun {
  readonly context: RunContext;
  readonly shard: Shard;
  readonly session: Session;
  readonly writer: LedgerWriter;
  readonly step: ReadyStep;
  readonly record: StepRecord;
}

/**
 * A record that is still to be written: it goes out in one batch with the next step's beginning, or by itself.
 * Until then the step counts as not recorded.
 */
export interface Closing {
  readonly queries: readonly Query[];
  /** The record is written. */
  confirm(): void;
}

export async function writeClosing(session: Session, closing: Closing | undefined): Promise<void> {
  if (closing === undefined) return;
  await failpoint('record.before');
  await session.batch(closing.queries);
  await failpoint('record.after');
  closing.confirm();
}

/** The queries that record the step as done. */
export function finishedRecord(run: StepRun, elapsedMs: number | undefined): readonly Query[] {
  const { writer, record } = run;
  return record.direction === 'up' ? writer.applied(record, elapsedMs) : writer.reverted(record, elapsedMs);
}

/** Anything but plain DDL and DML may: SET, a function that calls set_config, a procedure. */
export function changesSession(run: StepRun, part: SqlPart): boolean {
  const rules = run.shard.dialect.sqlRules;
  return part.statements.some((statement) => {
    const { kind } = classify(statement, rules);
    if (kind === 'ddl') return /\b(set_config|set\s+schema)\b/i.test(statement.text);
    return kind !== 'dml' || /\(/.test(statement.text);
  });
}

/** @throws DbpatError when the run was told to stop. */
export function checkSignal(context: RunContext): void {
  if (!context.signal.aborted) return;
  const { reason } = context.signal;
  throw reason instanceof DbpatError
    ? reason
    : new DbpatError('interrupted', 'stopped', { hint: `dbpat ${context.command}` });
}
