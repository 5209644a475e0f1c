import { createHash } from 'node:crypto';
import type { Calls, Reply } from '../ledger/read.js';

/** What a module got for a statement, as far as Kysely hands it out. */
export interface Answer {
  readonly rows: readonly unknown[];
  readonly numAffectedRows?: bigint;
  readonly numChangedRows?: bigint;
  readonly insertId?: bigint;
}

/** Longer results and longer lists of replies are not kept: such a module cannot be taken up again. */
const mostRows = 5000;
const mostReplies = 200;

const start = '';

/**
 * The statements that a module has sent and what it was answered, as one hash, so that a later run of the module can
 * prove that it does the same: with equal texts, parameters and answers its code has taken the same way. Reads are
 * hashed with their rows; of what has an effect, the counts are kept and can be answered again. Immutable.
 */
export interface CallLog extends Calls {
  /** It holds something that cannot be answered again: an error that was caught, rows of a statement with an effect. */
  readonly broken: boolean;
}

export const noCalls: CallLog = { count: 0, hash: start, replies: [], broken: false };

/** With a statement that only reads or sets up the session. */
export function withRead(log: CallLog, sql: string, parameters: readonly unknown[], answer: Answer): CallLog {
  const broken = log.broken || answer.rows.length > mostRows;
  return {
    ...log,
    count: log.count + 1,
    hash: broken ? log.hash : fold(log, sql, parameters, answer.rows),
    broken,
  };
}

/** With a statement that has an effect. */
export function withEffect(
  log: CallLog,
  sql: string,
  parameters: readonly unknown[],
  answer: Answer,
): CallLog {
  const replies = withReply(log.replies, replyOf(answer));
  const broken = log.broken || answer.rows.length > 0 || replies.length > mostReplies;
  return {
    count: log.count + 1,
    hash: fold(log, sql, parameters, []),
    replies: broken ? [] : replies,
    broken,
  };
}

/** With a statement that failed: whoever has caught its error cannot be given it again. */
export function withError(log: CallLog): CallLog {
  return { ...log, count: log.count + 1, broken: true };
}

/** What goes into the journal; undefined when the module cannot be taken up again. */
export function callsOf({ count, hash, replies, broken }: CallLog): Calls | undefined {
  return broken ? undefined : { count, hash, replies };
}

/** The answers to the effects of an earlier run, in order. */
export function* repliesOf(calls: Calls): Generator<Answer, undefined> {
  for (const [times, affected, changed, insertId] of calls.replies) {
    for (let i = 0; i < times; i++) {
      yield {
        rows: [],
        numAffectedRows: BigInt(affected),
        ...(changed === null ? {} : { numChangedRows: BigInt(changed) }),
        ...(insertId === null ? {} : { insertId: BigInt(insertId) }),
      };
    }
  }
}

function replyOf(
  answer: Answer,
): readonly [affected: string, changed: string | null, insertId: string | null] {
  return [
    String(answer.numAffectedRows ?? 0),
    answer.numChangedRows === undefined ? null : String(answer.numChangedRows),
    answer.insertId === undefined ? null : String(answer.insertId),
  ];
}

function withReply(replies: readonly Reply[], reply: ReturnType<typeof replyOf>): readonly Reply[] {
  const last = replies.at(-1);
  const same = last !== undefined && reply.every((part, i) => part === last[i + 1]);
  return same ? [...replies.slice(0, -1), [last[0] + 1, ...reply]] : [...replies, [1, ...reply]];
}

function fold(log: CallLog, sql: string, parameters: readonly unknown[], rows: readonly unknown[]): string {
  const text = JSON.stringify([log.hash, sql, parameters, rows], (_key, value) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
