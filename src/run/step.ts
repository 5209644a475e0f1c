import type { DbpatError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import type { ModulePart, SqlPart } from '../migration/migration.js';
import { classify } from '../sql/classify.js';
import { keepTransaction } from './boundaries.js';
import { endedEarly, stepError } from './failure.js';
import { runJournalledSql } from './journal.js';
import { runJournalledModule } from './journal-module.js';
import { runModule } from './module.js';
import { type Closing, changesSession, finishedRecord, type StepRun, writeClosing } from './record.js';
import { withLockRetries } from './retry.js';

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

async function runAtomicSql(run: StepRun, part: SqlPart): Promise<void> {
  const { session, context, shard, step } = run;
  if (part.statements.length === 0) {
    await session.batch(finishedRecord(run, 0));
    return;
  }
  try {
    await failpoint('step.send');
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

async function runAtomicModule(run: StepRun, part: ModulePart): Promise<void> {
  const { session, context, shard, step } = run;
  try {
    await withLockRetries(run, async () => {
      const started = performance.now();
      await session.begin();
      try {
        await runModule({ context, shard, session, step, part, around: keepTransaction(shard.dialect) });
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

/** The error, after it is recorded: a line in the log, and a row where the migration has committed part of itself. */
async function failedAtomically(run: StepRun, thrown: unknown): Promise<DbpatError> {
  const { session, writer, record, shard, step } = run;
  const torn = endedEarly(thrown);
  const repair = `dbpat migrate repair --${step.direction === 'up' ? 'applied' : 'reverted'} ${step.version}`;
  const error = stepError(thrown, {
    shard,
    step,
    part: step.part,
    state: torn ? 'part of what it did may be committed' : 'it was rolled back; nothing of it is left',
    hint: torn
      ? `look at the database and finish it by hand, then: ${repair} --reason TEXT`
      : `fix ${step.part.file}, then: dbpat migrate ${step.direction}`,
  });
  const report = {
    code: error.code,
    message: error.message,
    dbCode: error.details.dbCode ?? null,
  };
  const journal = {
    direction: step.direction,
    total: null,
    done: 0,
    prefix: null,
    inFlight: { index: 0, words: 'COMMIT', repeatable: false },
  };
  await session
    .batch(
      torn
        ? [...writer.began(record, journal, 0), ...writer.failed(record, journal, report)]
        : [writer.log('fail', record, report)],
    )
    .catch(() => {});
  return error;
}
