import { createHash } from 'node:crypto';
import { DriverError, type QueryGuard } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { Journal } from '../ledger/read.js';
import type { ModulePart, SqlPart } from '../migration/migration.js';
import { classify } from '../sql/classify.js';
import type { StatementClass } from '../sql/statement.js';
import { stepError } from './failure.js';
import { runModule } from './module.js';
import {
  type Closing,
  changesSession,
  checkSignal,
  finishedRecord,
  type StepRun,
  writeClosing,
} from './record.js';
import { withLockRetries } from './retry.js';

/**
 * What is journalled as one: `single` has its intent recorded first, `group` shares a transaction with its record,
 * `block` is a transaction of the file's own, `session` leaves nothing that a later session would see.
 */
export interface Unit {
  readonly kind: 'single' | 'group' | 'block' | 'session';
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The units from statement `from` on, in order. Pure. */
export function makeUnits(classes: readonly StatementClass[], from: number): readonly Unit[] {
  const units: Unit[] = [];
  for (let i = from; i < classes.length; ) {
    const { kind, boundary } = classes[i]!;
    let to = i + 1;
    if (boundary === 'begin') {
      while (to < classes.length && classes[to - 1]!.boundary !== 'end') to++;
      units.push({ kind: 'block', from: i, to });
    } else if (kind === 'dml' || kind === 'query') {
      while (to < classes.length && ['dml', 'query'].includes(classes[to]!.kind)) to++;
      units.push({ kind: 'group', from: i, to });
    } else {
      units.push({ kind: kind === 'session' ? 'session' : 'single', from: i, to });
    }
    i = to;
  }
  return units;
}

/** The record of the step before, until it is written. */
interface Waiting {
  closing: Closing | undefined;
}

/** Runs a part that cannot be rolled back as a whole; goes on where an earlier run has stopped. */
export async function runJournalledSql(
  run: StepRun,
  part: SqlPart,
  previous: Closing | undefined,
): Promise<Closing | undefined> {
  const waiting: Waiting = { closing: previous };
  try {
    return await runUnits(run, part, waiting);
  } catch (error) {
    await writeClosing(run.session, waiting.closing).catch(() => {});
    throw error;
  }
}

async function runUnits(run: StepRun, part: SqlPart, waiting: Waiting): Promise<Closing | undefined> {
  const { session, shard, writer, record, context, step } = run;
  const { statements } = part;
  const classes = statements.map((statement) => classify(statement, shard.dialect.sqlRules));
  const reset = changesSession(run, part);
  if (reset) await session.reset();
  const started = performance.now();
  let done = await resumePoint(run, part, classes);
  let opened = false;
  const journal = (inFlight: Journal['inFlight']): Journal => ({
    direction: step.direction,
    total: statements.length,
    done,
    prefix: prefixHash(part, done),
    inFlight,
  });
  const confirm = () => {
    waiting.closing?.confirm();
    waiting.closing = undefined;
  };
  const write = async (entry: Journal) => {
    if (opened) {
      await session.batch([writer.progress(record, entry)]);
      return;
    }
    await session.batch([...(waiting.closing?.queries ?? []), ...writer.began(record, entry)]);
    confirm();
    opened = true;
  };
  const send = async (index: number) => {
    await session.send(statements[index]!);
    context.emit({
      type: 'statement',
      shard: shard.name,
      step,
      index,
      of: statements.length,
      words: classes[index]!.words,
    });
  };
  for (const unit of makeUnits(classes, done)) {
    checkSignalSafely(run, done, statements.length);
    const last = unit.to === statements.length;
    let at = unit.from;
    const sendAll = async () => {
      for (at = unit.from; at < unit.to; at++) await send(at);
      at = unit.from;
    };
    try {
      if (unit.kind === 'group') {
        await writeClosing(session, waiting.closing);
        waiting.closing = undefined;
        await withLockRetries(run, async () => {
          await session.begin();
          try {
            await sendAll();
            const after = done;
            done = unit.to;
            const entry = journal(null);
            done = after;
            const finished = finishedRecord(run, performance.now() - started);
            await session.commit(
              last ? finished : opened ? [writer.progress(record, entry)] : writer.began(record, entry),
            );
          } catch (error) {
            await session.rollback();
            throw error;
          }
        });
        opened = true;
      } else {
        const { words, trace } = classes[unit.from]!;
        const repeatable = unit.kind === 'single' && trace === 'repeatable';
        if (unit.kind !== 'session') await write(journal({ index: unit.from, words, repeatable }));
        if (unit.kind === 'block') await sendAll();
        else await withLockRetries(run, sendAll);
      }
    } catch (error) {
      throw await failed(run, part, classes, unit, at, journal, error, opened);
    }
    done = unit.to;
    if (last && unit.kind === 'group') {
      if (reset) await session.reset();
      return undefined;
    }
  }
  if (reset) await session.reset();
  return {
    queries: [...(waiting.closing?.queries ?? []), ...finishedRecord(run, performance.now() - started)],
    confirm,
  };
}

/** Where to go on: after the statements that are done, with their session settings made again. */
async function resumePoint(run: StepRun, part: SqlPart, classes: readonly StatementClass[]): Promise<number> {
  const before = run.step.row?.progress;
  if (!before || before.direction !== run.step.direction || before.done === 0) return 0;
  const { done } = before;
  const name = `${run.step.version} ${run.step.description}`;
  if (done > part.statements.length || before.prefix !== prefixHash(part, done)) {
    throw new DbpatError(
      'history_changed',
      `${name}: its first ${done} statements took effect, and the file does not begin with them any more`,
      {
        file: part.file,
        hint: `restore the first ${done} statements of ${part.file}; what comes after them may change`,
      },
    );
  }
  for (let i = 0; i < done; i++) {
    const { kind, words } = classes[i]!;
    if (/^(CREATE (GLOBAL |LOCAL )?TEMP|LOCK TABLE)/.test(words)) {
      throw new DbpatError(
        'unfinished',
        `${name}: statement ${i + 1} (${words}) ended with the session that sent it, so what follows cannot go on`,
        {
          file: part.file,
          line: part.statements[i]!.line,
          hint: `finish it by hand, then: dbpat migrate repair --applied ${run.step.version} --reason TEXT`,
        },
      );
    }
    if (kind === 'session') await run.session.send(part.statements[i]!);
  }
  return done;
}

function prefixHash(part: SqlPart, done: number): string {
  const hash = createHash('sha256');
  for (let i = 0; i < done; i++)
    hash
      .update(part.statements[i]!.text)
      .update('\0')
      .update(part.statements[i]!.copyData ?? '');
  return hash.digest('hex').slice(0, 32);
}

function checkSignalSafely(run: StepRun, done: number, total: number): void {
  try {
    checkSignal(run.context);
  } catch (error) {
    if (!(error instanceof DbpatError) || done === 0) throw error;
    throw new DbpatError(
      error.code,
      `${error.message}; ${run.step.version}: ${done} of ${total} statements are done and recorded`,
      {
        hint: `dbpat migrate ${run.step.direction}`,
        cause: error,
      },
    );
  }
}

async function failed(
  run: StepRun,
  part: SqlPart,
  classes: readonly StatementClass[],
  unit: Unit,
  at: number,
  journal: (inFlight: Journal['inFlight']) => Journal,
  thrown: unknown,
  opened: boolean,
): Promise<DbpatError> {
  const { session, writer, record, shard, step } = run;
  const lost = thrown instanceof DriverError && thrown.kind === 'lost';
  const torn =
    unit.kind === 'block' &&
    !shard.dialect.capabilities.transactionalDdl &&
    classes.slice(unit.from, at + 1).some((entry) => entry.kind === 'ddl');
  if (unit.kind === 'block') await session.rollback();
  const of = part.statements.length;
  const kept =
    unit.from === 0
      ? 'nothing of it took effect'
      : unit.from === 1
        ? `statement 1 of ${of} took effect and stays`
        : `statements 1 to ${unit.from} of ${of} took effect and stay`;
  const fix = `fix ${part.file} from line ${part.statements[unit.from]!.line} on, then: dbpat migrate ${step.direction}`;
  const error = stepError(thrown, {
    shard,
    step,
    part,
    at,
    state: lost || torn ? `whether statement ${unit.from + 1} of ${of} took effect is not known` : kept,
    hint: lost || torn ? 'dbpat migrate status' : fix,
  });
  if (lost) return error;
  const entry = journal(
    torn ? { index: unit.from, words: classes[unit.from]!.words, repeatable: false } : null,
  );
  const report = {
    code: error.code,
    message: error.message,
    step: at + 1,
    dbCode: error.details.dbCode ?? null,
  };
  await session
    .batch(
      opened
        ? writer.failed(record, entry, report)
        : unit.from === 0
          ? [writer.log('fail', record, report)]
          : [...writer.began(record, entry), ...writer.failed(record, entry, report)],
    )
    .catch(() => {});
  return error;
}

/** Runs a module whose statements commit as they come; each that has an effect is recorded before it is sent. */
export async function runJournalledModule(run: StepRun, part: ModulePart): Promise<void> {
  const { session, shard, writer, record, context, step } = run;
  await session.reset();
  const started = performance.now();
  let done = 0;
  let opened = false;
  let inside = false;
  const journal = (inFlight: Journal['inFlight']): Journal => ({
    direction: step.direction,
    total: null,
    done,
    prefix: null,
    inFlight,
  });
  const write = async (entry: Journal) => {
    await session.batch(opened ? [writer.progress(record, entry)] : writer.began(record, entry));
    opened = true;
  };
  const around: QueryGuard = async (sql, send) => {
    const { kind, words, boundary, trace } = classify(
      { text: sql, start: 0, end: sql.length, line: 1, column: 1 },
      shard.dialect.sqlRules,
    );
    if (boundary === 'begin') inside = true;
    if (boundary === 'end') inside = false;
    if (inside || kind === 'query' || kind === 'session' || kind === 'transaction') {
      const result = await send();
      if (boundary === 'end' && words.startsWith('COMMIT')) done++;
      return result;
    }
    await write(journal({ index: done, words, repeatable: trace === 'repeatable' }));
    const result = await withLockRetries(run, send);
    done++;
    return result;
  };
  try {
    await runModule({ context, shard, session, step, part, around });
    await session.reset();
    await session.batch(finishedRecord(run, performance.now() - started));
  } catch (thrown) {
    const lost = thrown instanceof DriverError && thrown.kind === 'lost';
    const error = stepError(thrown, {
      shard,
      step,
      part,
      state:
        done === 0
          ? 'nothing of it took effect'
          : `${done} of its statements took effect and stay: this database commits each by itself`,
      hint:
        done === 0
          ? `fix ${part.file}, then: dbpat migrate ${step.direction}`
          : `undo them by hand, then: dbpat migrate repair --reverted ${step.version} --reason TEXT`,
    });
    if (!lost) {
      const report = {
        code: error.code,
        message: error.message,
        step: done + 1,
        dbCode: error.details.dbCode ?? null,
      };
      await session
        .batch(opened ? writer.failed(record, journal(null), report) : [writer.log('fail', record, report)])
        .catch(() => {});
    }
    throw error;
  }
}
