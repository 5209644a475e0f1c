import type { Shard } from '../config/config.js';
import type { Session } from '../dialects/dialect.js';
import { type Facts, type Judgement, judge } from '../dialects/trace.js';
import { DbpatError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import type { InFlight, Journal, LedgerRow, Seen } from '../ledger/read.js';
import type { LedgerTables } from '../ledger/tables.js';
import { type LedgerWriter, ledgerWriter } from '../ledger/write.js';
import { atShard, type RunContext } from './context.js';
import { readFacts } from './doubt.js';
import { sleep } from './limits.js';

/** How often a statement that another session still runs is looked at. */
const lookEveryMs = 1000;

/**
 * Decides what became of the statements whose end is not recorded: the catalogue as it is now is held against what was
 * written down before each was sent. To be called with the lock held. Writes what it has decided; true when it has.
 * @throws DbpatError `unfinished` with both facts, where it cannot be told
 */
export async function reconcile(
  context: RunContext,
  shard: Shard,
  session: Session,
  tables: LedgerTables,
  rows: readonly LedgerRow[],
): Promise<boolean> {
  const open = rows.filter(({ status, progress }) => status !== 'applied' && progress?.inFlight);
  const writer = ledgerWriter(shard.dialect, tables, context.stamp);
  let changed = false;
  for (const row of open) {
    const journal = row.progress!;
    const inFlight = journal.inFlight!;
    await untilEnded(context, shard, session, row, inFlight);
    const { tracing } = shard.dialect;
    if (tracing === undefined || inFlight.trace === undefined || journal.seen === undefined) {
      if (inFlight.repeatable) continue;
      throw undecided(context, shard, row, inFlight, 'its effect leaves no trace in the catalogue');
    }
    const now = await look(session, shard, inFlight, journal.seen);
    const found = judge(inFlight.trace, journal.seen.facts, now);
    if (found.verdict === 'unknown') {
      if (inFlight.repeatable) continue;
      throw undecided(context, shard, row, inFlight, `before it: ${found.before}; now: ${found.now}`);
    }
    for (const query of found.sweep) await session.query(query);
    await failpoint('resume.decided');
    await record(context, shard, session, writer, row, journal, found);
    await failpoint('resume.recorded');
    changed = true;
  }
  return changed;
}

/** The session that has sent it may still be at it: nothing is started beside it. */
async function untilEnded(
  context: RunContext,
  shard: Shard,
  session: Session,
  row: LedgerRow,
  { session: sender, words }: InFlight,
): Promise<void> {
  if (sender === undefined || sender === session.server.sessionId) return;
  for (let n = 0; (await session.isAlive(sender)) === true; n++) {
    if (n === 0) {
      context.emit({
        type: 'warning',
        shard: shard.name,
        message: `${row.version} ${row.description}: the session of run ${row.runId} is still there (${words}); it is ended, as its runner has lost the lock`,
      });
      await session.terminate(sender);
    } else if (context.signal.aborted) {
      throw new DbpatError(
        'unfinished',
        `${row.version} ${row.description}: the session of run ${row.runId} still runs ${words}; nothing was started beside it`,
        { version: row.version, hint: 'run it again when that session has ended' },
      );
    }
    await sleep(n === 0 ? 0 : lookEveryMs, context.signal);
  }
}

/** The facts as the sender's session would read them. */
async function look(session: Session, shard: Shard, inFlight: InFlight, seen: Seen): Promise<Facts> {
  const { tracing } = shard.dialect;
  await session.reset();
  if (seen.place !== '') await session.query(tracing!.enter(seen.place));
  try {
    return await readFacts(session, shard.dialect, inFlight.trace!);
  } finally {
    await session.reset();
  }
}

async function record(
  context: RunContext,
  shard: Shard,
  session: Session,
  writer: LedgerWriter,
  row: LedgerRow,
  journal: Journal,
  found: Judgement,
): Promise<void> {
  const { seen: _seen, inFlight, ...rest } = journal;
  const { index, words, through, calls } = inFlight!;
  const done = found.verdict === 'done';
  const after: Journal = done
    ? {
        ...rest,
        done: index + 1,
        prefix: through ?? null,
        inFlight: null,
        ...(calls === undefined ? {} : { calls }),
      }
    : { ...rest, inFlight: null };
  // the place of a module's next statement is known only by what it has asked for so far
  const { calls: _lost, ...callless } = after;
  const entry = done && calls === undefined && journal.total === null ? callless : after;
  const step = { ...row, direction: journal.direction };
  await session.batch([
    writer.progress(row, entry),
    writer.log('resume', step, {
      decided: found.verdict,
      step: index + 1,
      words,
      before: found.before,
      now: found.now,
      ...(found.sweep.length === 0 ? {} : { swept: found.sweep.map(({ sql }) => sql) }),
    }),
  ]);
  const what = done ? 'took effect and counts as done' : 'did not take effect and is sent again';
  context.emit({
    type: 'warning',
    shard: shard.name,
    message: `${row.version} ${row.description}: statement ${index + 1} (${words}) was under way when run ${row.runId} ended; it ${what} (before it: ${found.before}; now: ${found.now})`,
  });
}

function undecided(
  context: RunContext,
  shard: Shard,
  row: LedgerRow,
  inFlight: InFlight,
  facts: string,
): DbpatError {
  const { version, description, runId } = row;
  const { done, total } = row.progress!;
  const at = atShard(context, shard);
  return new DbpatError(
    'unfinished',
    `${version} ${description}: statement ${inFlight.index + 1} (${inFlight.words}) was under way when run ${runId} ended; ${done} of ${total ?? '?'} are done, whether this one took effect cannot be told: ${facts}`,
    {
      shard: shard.name,
      version,
      statement: inFlight.words,
      hint: `look at the database, then: dbpat migrate repair --resume ${version}${at} --reason TEXT (it did not take effect), --applied ${version} or --reverted ${version}`,
    },
  );
}
