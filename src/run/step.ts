import type { Shard } from '../config/config.js';
import type { Query, Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { LedgerWriter, StepRecord } from '../ledger/write.js';
import type { ModulePart, SqlPart } from '../migration/migration.js';
import { classify } from '../sql/classify.js';
import type { RunContext } from './context.js';
import { stepError } from './failure.js';
import { runJournalledModule, runJournalledSql } from './journal.js';
import { runModule } from './module.js';
import type { ReadyStep } from './parts.js';
import { withLockRetries } from './retry.js';

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

/** Runs one step and records it; what is returned is still to be recorded. @throws DbpatError */
export async function runStep(run: StepRun, previous: Closing | undefined): Promise<Closing | undefined> {
  const { part } = run.step;
  const atomic = part.transaction && run.shard.dialect.capabilities.transactionalDdl;
  if (!atomic && part.form === 'sql' && part.statements.length > 0)
    return runJournalledSql(run, part, previous);
  await writeClosing(run.session, previous);
  if (part.form === 'module') await (atomic ? runAtomicModule(run, part) : runJournalledModule(run, part));
  else await runAtomicSql(run, part);
  return undefined;
}

export async function writeClosing(session: Session, closing: Closing | undefined): Promise<void> {
  if (closing === undefined) return;
  await session.batch(closing.queries);
  closing.confirm();
}

/** The queries that record the step as done. */
export function finishedRecord(run: StepRun, elapsedMs: number | undefined): readonly Query[] {
  const { writer, record } = run;
  return record.direction === 'up' ? writer.applied(record, elapsedMs) : writer.reverted(record, elapsedMs);
}

async function runAtomicSql(run: StepRun, part: SqlPart): Promise<void> {
  const { session, context, shard, step } = run;
  if (part.statements.length === 0) {
    await session.batch(finishedRecord(run, 0));
    return;
  }
  try {
    await withLockRetries(run, () =>
      session.runAtomic({
        statements: part.statements,
        reset: changesSession(run, part),
        record: (elapsedMs) => finishedRecord(run, elapsedMs),
        onStatement: (index) =>
          context.emit({
            type: 'statement',
            shard: shard.name,
            step,
            index,
            of: part.statements.length,
            words: classify(part.statements[index]!, shard.dialect.sqlRules).words,
          }),
      }),
    );
  } catch (error) {
    throw await failedAtomically(run, error);
  }
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

async function runAtomicModule(run: StepRun, part: ModulePart): Promise<void> {
  const { session, context, shard, step } = run;
  try {
    await withLockRetries(run, async () => {
      const started = performance.now();
      await session.begin();
      try {
        await runModule({ context, shard, session, step, part, around: (_sql, send) => send() });
        await session.commit(finishedRecord(run, performance.now() - started));
      } catch (error) {
        await session.rollback();
        throw error;
      }
    });
  } catch (error) {
    throw await failedAtomically(run, error);
  }
}

/** The error, after a line about it in the log: the transaction has left nothing else. */
async function failedAtomically(run: StepRun, thrown: unknown): Promise<DbpatError> {
  const { session, writer, record, shard, step } = run;
  const error = stepError(thrown, {
    shard,
    step,
    part: step.part,
    state: 'it was rolled back; nothing of it is left',
    hint: `fix ${step.part.file}, then: dbpat migrate ${step.direction}`,
  });
  await session
    .batch([
      writer.log('fail', record, {
        code: error.code,
        message: error.message,
        dbCode: error.details.dbCode ?? null,
      }),
    ])
    .catch(() => {});
  return error;
}

/** @throws DbpatError when the run was told to stop. */
export function checkSignal(context: RunContext): void {
  if (!context.signal.aborted) return;
  const { reason } = context.signal;
  throw reason instanceof DbpatError
    ? reason
    : new DbpatError('interrupted', 'stopped', { hint: `dbpat ${context.command}` });
}
