import type { Dialect, DriverError, Session } from '../dialects/dialect.js';
import { type Facts, judge, type Trace } from '../dialects/trace.js';
import { readJournal } from '../ledger/read.js';
import type { StatementClass } from '../sql/statement.js';
import type { StepRun } from './record.js';

/** What the catalogue says now of a trace's objects. Never writes. */
export async function readFacts(session: Session, dialect: Dialect, trace: Trace): Promise<Facts> {
  const { sql, params = [] } = dialect.tracing!.facts(trace);
  const text = dialect.ledger.concat([sql, "''"]);
  const { rows } = await session.query({ sql: `select ${text} as facts`, params });
  return JSON.parse(String(rows[0]!.facts)) as Facts;
}

/** Codes with which a procedure was refused before it began: it is not there, or may not be called so. */
const neverBegan = new Set(['1305', '1318', '1370', '1414', '42883', '42501', '42601', '1064']);

/**
 * Whether a statement that the server answered with an error may have done something all the same: a procedure that
 * commits on its way, or DDL that the engine does not undo as a whole.
 */
export async function mayHaveActed(
  run: StepRun,
  { words, kind }: StatementClass,
  text: string,
  fault: DriverError,
): Promise<boolean> {
  const commits = /^(CALL|BEGIN)\b/.test(words) || (words === 'DO' && /\bcommit\b/i.test(text));
  if (kind === 'other' && commits) return !neverBegan.has(fault.dbCode ?? '');
  if (fault.kind === 'lock-timeout' || kind !== 'ddl') return false;
  const { session, shard, writer, record } = run;
  try {
    const { rows } = await session.query(writer.journalOf(record));
    const journal = readJournal(rows[0]?.progress);
    const trace = journal?.inFlight?.trace;
    if (trace === undefined || journal?.seen === undefined) return false;
    const now = await readFacts(session, shard.dialect, trace);
    const { opaque: _undone, ...plain } = trace;
    const found = judge({ ...plain, changes: [] }, journal.seen.facts, now);
    // remains that could not be taken away yet are the next run's to take away
    return found.verdict !== 'not-done' || found.sweep.length > 0;
  } catch {
    return true;
  }
}
