import { DriverError } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import type { InFlight, Journal } from '../ledger/read.js';
import type { SqlPart } from '../migration/migration.js';
import { classify } from '../sql/classify.js';
import { mayHaveActed } from './doubt.js';
import { stepError } from './failure.js';
import {
  type Closing,
  changesSession,
  checkSignal,
  finishedRecord,
  type StepRun,
  writeClosing,
} from './record.js';
import { prefixHash, resumePoint } from './replay.js';
import { withLockRetries } from './retry.js';
import { makeUnits, type Unit } from './units.js';
import { warningLog } from './warnings.js';
import { withBlockerWatch } from './watch.js';

/** Runs a part that cannot be rolled back as a whole; goes on where an earlier run has stopped. */
export async function runJournalledSql(
  run: StepRun,
  part: SqlPart,
  previous: Closing | undefined,
): Promise<Closing | undefined> {
  const work = journalledRun(run, part, previous);
  try {
    return await work();
  } catch (error) {
    await work.leave().catch(() => {});
    throw error;
  }
}

function journalledRun(run: StepRun, part: SqlPart, previous: Closing | undefined) {
  const { session, shard, writer, record, context, step } = run;
  const { statements } = part;
  const { transactionalDdl } = shard.dialect.capabilities;
  const classes = statements.map((statement) => classify(statement, shard.dialect.sqlRules));
  const reset = changesSession(run, part);
  const warned = warningLog(run);
  /** The record of the step before, until it is written. */
  let closing = previous;
  let done = 0;
  let resumed = 0;
  let opened = false;

  const journal = (through: number, inFlight: InFlight | null): Journal => ({
    direction: step.direction,
    total: statements.length,
    done: through,
    prefix: prefixHash(part, through),
    inFlight,
  });
  const confirm = () => {
    closing?.confirm();
    closing = undefined;
  };
  const entryOf = (entry: Journal) => [
    ...(opened ? [writer.progress(record, entry)] : writer.began(record, entry, resumed)),
    ...warned.take(),
  ];
  const write = async (entry: Journal) => {
    await session.batch([...(closing?.queries ?? []), ...entryOf(entry)]);
    confirm();
    opened = true;
  };
  const tell = (index: number) =>
    context.emit({
      type: 'statement',
      shard: shard.name,
      step,
      index,
      of: statements.length,
      words: classes[index]!.words,
    });
  const send = async (index: number) => {
    await session.send(statements[index]!);
    await warned.look(index, classes[index]!.words);
    tell(index);
  };
  const recordThrough = (to: number, elapsedMs: number | undefined) =>
    to === statements.length
      ? [...finishedRecord(run, elapsedMs), ...warned.take()]
      : entryOf(journal(to, null));
  const inFlight = (index: number): InFlight => {
    const { words, trace } = classes[index]!;
    const seen = shard.dialect.tracing?.read(statements[index]!.text, session.server.lexOptions);
    return {
      index,
      words,
      repeatable: trace === 'repeatable',
      session: session.server.sessionId,
      through: prefixHash(part, index + 1),
      ...(seen === undefined ? {} : { trace: seen }),
    };
  };

  /** One unit; `at` is told which statement is under way. */
  const runUnit = async (unit: Unit, started: number, at: (index: number) => void): Promise<void> => {
    const elapsed = () => performance.now() - started;
    const sendAll = async (to: number) => {
      for (let i = unit.from; i < to; i++) {
        at(i);
        await send(i);
      }
    };
    if (unit.kind === 'session') return withLockRetries(run, () => sendAll(unit.to));
    if (unit.kind === 'single' || unit.kind === 'block') {
      const intent: InFlight =
        unit.kind === 'single'
          ? inFlight(unit.from)
          : {
              index: unit.from,
              words: classes[unit.from]!.words,
              repeatable: false,
              session: session.server.sessionId,
            };
      let written = false;
      const attempt = async () => {
        if (!written) await write(journal(unit.from, intent));
        written = true;
        await failpoint('journal.intent');
        if (classes[unit.from]!.outsideTransaction === undefined) await sendAll(unit.to);
        else await withBlockerWatch(run, intent.words, () => sendAll(unit.to));
        await failpoint('journal.sent');
      };
      return unit.kind === 'block' ? attempt() : withLockRetries(run, attempt);
    }
    await writeClosing(session, closing);
    closing = undefined;
    if (unit.kind === 'group' && transactionalDdl) {
      await withLockRetries(run, () =>
        session.runAtomic({
          statements: statements.slice(unit.from, unit.to),
          reset: false,
          record: (elapsedMs) => recordThrough(unit.to, elapsedMs ?? elapsed()),
          onStatement: (index) => tell(unit.from + index),
        }),
      ).catch((error) => {
        const inside = error instanceof DriverError && typeof error.at === 'number';
        throw inside ? error.placed(unit.from + (error.at as number)) : error;
      });
    } else if (unit.kind === 'group') {
      await withLockRetries(run, async () => {
        await session.begin();
        try {
          await sendAll(unit.to);
          await failpoint('group.sent');
          await session.commit(recordThrough(unit.to, elapsed()));
        } catch (error) {
          await session.rollback();
          throw error;
        }
      });
    } else {
      await withLockRetries(run, async () => {
        try {
          await sendAll(unit.to - 1);
          for (const query of recordThrough(unit.to, elapsed())) await session.query(query);
          at(unit.to - 1);
          await failpoint('own.commit.before');
          await send(unit.to - 1);
          await failpoint('own.commit.after');
        } catch (error) {
          await session.rollback();
          throw error;
        }
      });
    }
    opened = true;
  };

  const work = async (): Promise<Closing | undefined> => {
    if (reset) await session.reset();
    const started = performance.now();
    done = await resumePoint(run, part, classes);
    resumed = done;
    let recorded = false;
    for (const unit of makeUnits(classes, done, transactionalDdl)) {
      let at = unit.from;
      try {
        checkSignal(context);
        await runUnit(unit, started, (index) => {
          at = index;
        });
      } catch (error) {
        throw await failed(unit, at, error);
      }
      done = unit.to;
      recorded = unit.to === statements.length && (unit.kind === 'group' || unit.kind === 'own');
    }
    if (reset) await session.reset();
    if (recorded) return undefined;
    return {
      queries: [
        ...(closing?.queries ?? []),
        ...finishedRecord(run, performance.now() - started),
        ...warned.take(),
      ],
      confirm,
    };
  };

  const failed = async (unit: Unit, at: number, thrown: unknown): Promise<DbpatError> => {
    if (thrown === context.signal.reason || (thrown instanceof DbpatError && thrown.exitCode > 128))
      return stopped(unit, thrown as DbpatError);
    const lost = thrown instanceof DriverError && thrown.kind === 'lost';
    if (unit.kind === 'block' && !lost) await session.rollback();
    const torn = !lost && (await isTorn(unit, at, thrown));
    const of = statements.length;
    const doubt = `whether statement ${unit.from + 1} of ${of} took effect is not known`;
    const error = stepError(thrown, {
      shard,
      step,
      part,
      at,
      state: lost || torn ? doubt : keptOf(unit.from, of),
      hint:
        lost || torn
          ? `dbpat migrate ${step.direction}`
          : `fix ${part.file} from line ${statements[unit.from]!.line} on, then: dbpat migrate ${step.direction}`,
    });
    if (lost) return error;
    const report = {
      code: error.code,
      message: error.message,
      step: at + 1,
      dbCode: error.details.dbCode ?? null,
    };
    const nothingDone = !opened && unit.from === 0;
    await session
      .batch([
        ...(nothingDone
          ? [writer.log('fail', record, report)]
          : [
              ...(opened ? [] : writer.began(record, journal(unit.from, null), resumed)),
              ...writer.failed(record, torn ? null : journal(unit.from, null), report),
            ]),
        ...warned.take(),
      ])
      .catch(() => {});
    return error;
  };

  const stopped = async (unit: Unit, reason: DbpatError): Promise<DbpatError> => {
    if (unit.from === 0) return reason;
    if (opened) await session.query(writer.progress(record, journal(unit.from, null))).catch(() => {});
    return new DbpatError(
      reason.code,
      `${reason.message}; ${step.version}: ${unit.from} of ${statements.length} statements are done and recorded`,
      { hint: `dbpat migrate ${step.direction}`, cause: reason },
    );
  };

  /** It failed, and yet may have done something: then its intent stays in the journal. */
  const isTorn = async (unit: Unit, at: number, thrown: unknown): Promise<boolean> => {
    if (!opened || !(thrown instanceof DriverError)) return false;
    if (unit.kind === 'block')
      return !transactionalDdl && classes.slice(unit.from, at + 1).some((entry) => entry.kind === 'ddl');
    return (
      unit.kind === 'single' &&
      (await mayHaveActed(run, classes[unit.from]!, statements[unit.from]!.text, thrown))
    );
  };

  return Object.assign(work, {
    /** Writes the record of the step before, should it still be open. */
    leave: () => writeClosing(session, closing),
  });
}

function keptOf(done: number, of: number): string {
  if (done === 0) return 'nothing of it took effect';
  if (done === 1) return `statement 1 of ${of} took effect and stays`;
  return `statements 1 to ${done} of ${of} took effect and stay`;
}
