import { DriverError, type QueryGuard } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import type { InFlight, Journal } from '../ledger/read.js';
import type { ModulePart } from '../migration/migration.js';
import { classify } from '../sql/classify.js';
import type { StatementClass } from '../sql/statement.js';
import { type Answer, callsOf, noCalls, repliesOf, withEffect, withError, withRead } from './calls.js';
import { atShard } from './context.js';
import { mayHaveActed } from './doubt.js';
import { stepError } from './failure.js';
import { runModule } from './module.js';
import { finishedRecord, type StepRun } from './record.js';
import { withLockRetries } from './retry.js';
import { warningLog } from './warnings.js';
import { withBlockerWatch } from './watch.js';

/**
 * Runs a module whose statements commit as they come. What shares a transaction with its record does; the rest has its
 * intent recorded before it is sent. A module that an earlier run has begun is run from its start: what took effect is
 * answered and not sent, as long as it asks for the same things and reads the same rows.
 */
export async function runJournalledModule(run: StepRun, part: ModulePart): Promise<void> {
  const { session, shard, writer, record, context, step } = run;
  const { transactionalDdl, storedFunctions } = shard.dialect.capabilities;
  await session.reset();
  const started = performance.now();
  const before = step.row?.progress;
  const earlier = before?.direction === step.direction && before.done > 0 ? before.calls : undefined;
  const replies = earlier === undefined ? undefined : repliesOf(earlier);
  const name = `${step.version} ${step.description}`;
  const warned = warningLog(run);
  let log = noCalls;
  /** As of the last statement whose effect is committed. */
  let kept = noCalls;
  let done = earlier === undefined ? 0 : before!.done;
  const resumed = done;
  let opened = false;
  let inside = false;
  let pending = 0;
  let torn = false;

  const journal = (at: typeof log, inFlight: InFlight | null, count = done): Journal => {
    const calls = callsOf(at);
    return {
      direction: step.direction,
      total: null,
      done: count,
      prefix: null,
      inFlight,
      ...(calls === undefined ? {} : { calls }),
    };
  };
  const entryOf = (entry: Journal) => [
    ...(opened ? [writer.progress(record, entry)] : writer.began(record, entry, resumed)),
    ...warned.take(),
  ];
  const replaying = () => earlier !== undefined && log.count < earlier.count;
  const diverged = () =>
    new DbpatError(
      'unfinished',
      `${name}: ${done} of its statements took effect in an earlier run, and this time the module asks for something else or reads other rows, so what follows cannot be known to fit`,
      {
        version: step.version,
        file: part.file,
        hint: `undo them by hand, then: dbpat migrate repair --reverted ${step.version}${atShard(context, shard)} --reason TEXT`,
      },
    );

  /** A read that writes nothing, even through a function. */
  const readOnly = async <T>(send: () => Promise<T>): Promise<T> => {
    if (!storedFunctions) return send();
    await session.query({ sql: 'start transaction read only' });
    try {
      return await send();
    } finally {
      await session.query({ sql: 'rollback' });
    }
  };

  const replay = async (
    sql: string,
    parameters: readonly unknown[],
    { kind }: StatementClass,
    send: () => Promise<unknown>,
  ): Promise<unknown> => {
    let answer: Answer;
    if (kind === 'query' || kind === 'session') {
      try {
        answer = (await (kind === 'query' ? readOnly(send) : send())) as Answer;
      } catch (error) {
        throw error instanceof DriverError && error.kind === 'read-only' ? diverged() : error;
      }
      log = withRead(log, sql, parameters, answer);
    } else {
      const next = replies!.next();
      if (next.done) throw diverged();
      answer = next.value;
      log = withEffect(log, sql, parameters, answer);
    }
    if (log.count === earlier!.count) {
      if (log.hash !== earlier!.hash) throw diverged();
      kept = log;
    }
    return answer;
  };

  const live = async (
    sql: string,
    parameters: readonly unknown[],
    found: StatementClass,
    send: () => Promise<unknown>,
  ): Promise<unknown> => {
    const { kind, words, boundary, trace, outsideTransaction } = found;
    const index = done;
    const tell = async (answer: unknown) => {
      await warned.look(index, words);
      return answer as Answer;
    };
    if (kind === 'query' || kind === 'session') {
      const answer = await tell(await send());
      log = withRead(log, sql, parameters, answer);
      return answer;
    }
    const commits = boundary === 'end' && inside && /^(COMMIT|END)\b/.test(words);
    const plain = { rows: [], numAffectedRows: 0n } satisfies Answer;
    if (commits) {
      const after = withEffect(log, sql, parameters, plain);
      if (pending > 0)
        for (const query of entryOf(journal(after, null, done + 1))) await session.query(query);
      await failpoint('own.commit.before');
      const answer = await send();
      await failpoint('own.commit.after');
      inside = false;
      log = after;
      if (pending > 0) {
        opened = true;
        done++;
        kept = log;
      }
      pending = 0;
      return answer;
    }
    const breaks = kind === 'ddl' && !transactionalDdl;
    if (kind === 'transaction' || (inside && !breaks)) {
      const answer = await tell(await send());
      log = withEffect(log, sql, parameters, kind === 'transaction' ? plain : answer);
      if (boundary === 'begin') inside = true;
      if (boundary === 'end') inside = false;
      pending = inside && kind !== 'transaction' ? pending + 1 : inside ? pending : 0;
      return answer;
    }
    const shares = kind === 'dml' || (kind === 'ddl' && transactionalDdl && outsideTransaction === undefined);
    if (shares) {
      const answer = await withLockRetries(run, async () => {
        await session.begin();
        try {
          const got = await tell(await send());
          await failpoint('group.sent');
          const after = withEffect(log, sql, parameters, got);
          await session.commit(entryOf(journal(after, null, done + 1)), 'keep');
          log = after;
          return got;
        } catch (error) {
          await session.rollback();
          throw error;
        }
      });
      opened = true;
      done++;
      kept = log;
      return answer;
    }
    const after = withEffect(log, sql, parameters, plain);
    const calls = callsOf(after);
    const seen =
      parameters.length === 0 ? shard.dialect.tracing?.read(sql, session.server.lexOptions) : undefined;
    const intent: InFlight = {
      index: done,
      words,
      repeatable: trace === 'repeatable',
      session: session.server.sessionId,
      ...(calls === undefined ? {} : { calls }),
      ...(seen === undefined ? {} : { trace: seen }),
    };
    let written = false;
    const answer = await withLockRetries(run, async () => {
      if (!written) {
        const queries = entryOf(journal(log, intent));
        // inside, the implicit commit of the statement takes the record with it
        if (inside) for (const query of queries) await session.query(query);
        else await session.batch(queries);
        opened = true;
        written = true;
        await failpoint('journal.intent');
      }
      try {
        const got =
          outsideTransaction === undefined ? await send() : await withBlockerWatch(run, words, send);
        await failpoint('journal.sent');
        return await tell(got);
      } catch (error) {
        torn = error instanceof DriverError && (await mayHaveActed(run, found, sql, error));
        throw error;
      }
    });
    inside = false;
    pending = 0;
    done++;
    log = withEffect(log, sql, parameters, answer);
    kept = log;
    return answer;
  };

  const around: QueryGuard = async (sql, send, parameters = []) => {
    const found = classify(
      { text: sql, start: 0, end: sql.length, line: 1, column: 1 },
      shard.dialect.sqlRules,
    );
    if (replaying()) return (await replay(sql, parameters, found, send)) as Awaited<ReturnType<typeof send>>;
    try {
      return (await live(sql, parameters, found, send)) as Awaited<ReturnType<typeof send>>;
    } catch (error) {
      log = withError(log);
      throw error;
    }
  };

  try {
    await runModule({ context, shard, session, step, part, around });
    if (replaying()) throw diverged();
    await session.reset();
    await session.batch([...finishedRecord(run, performance.now() - started), ...warned.take()]);
  } catch (thrown) {
    const lost = thrown instanceof DriverError && thrown.kind === 'lost';
    const again = `dbpat migrate ${step.direction}`;
    const error = stepError(thrown, {
      shard,
      step,
      part,
      state:
        lost || torn
          ? `${done} of its statements took effect and stay; whether the next one did is not known`
          : done === 0
            ? 'nothing of it took effect'
            : `${done} of its statements took effect and stay`,
      hint: lost || torn ? again : `fix ${part.file}, then: ${again}`,
    });
    if (lost || replaying() || error.code === 'unfinished') throw error;
    if (inside) await session.rollback();
    const report = {
      code: error.code,
      message: error.message,
      step: done + 1,
      dbCode: error.details.dbCode ?? null,
    };
    const entry = torn ? null : journal(kept, null);
    await session
      .batch([
        ...(opened || done > 0
          ? [
              ...(opened || entry === null ? [] : writer.began(record, entry, resumed)),
              ...writer.failed(record, entry, report),
            ]
          : [writer.log('fail', record, report)]),
        ...warned.take(),
      ])
      .catch(() => {});
    throw error;
  }
}
