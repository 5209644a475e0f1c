import type { Dialect, Fence, Query, Session } from '../dialects/dialect.js';
import type { LedgerTables } from './tables.js';

/** Who holds a shard, as its lock table says. */
export interface LeaseHolder {
  /** `user@host`; null when it is free. */
  readonly holder: string | null;
  readonly host: string | null;
  readonly pid: number | null;
  readonly runId: string | null;
  /** Grows with every holder. */
  readonly epoch: number;
  readonly beat: number;
  readonly mark: HolderMark | null;
}

/** What tells a holder from any other process and session. */
export interface HolderMark {
  /** `session`: a lock that dies with the holder's session; `lease`: beats; `process`: a file's lease, stale when its process is gone. */
  readonly kind: 'session' | 'lease' | 'process';
  /** Pid with what makes it unique: start time, boot, namespace. */
  readonly process: string;
  /** `ServerInfo.sessionId`. */
  readonly session: string;
}

/** Undefined when nobody has ever held it. Never writes. */
export async function readLease(session: Session, tables: LedgerTables): Promise<LeaseHolder | undefined> {
  const { rows } = await session.query({
    sql: `select holder, host, pid, run_id, epoch, beat, session from ${tables.lock} where name = ?`,
    params: ['lease'],
  });
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    holder: row.holder === null ? null : String(row.holder),
    host: row.host === null ? null : String(row.host),
    pid: row.pid === null ? null : Number(row.pid),
    runId: row.run_id === null ? null : String(row.run_id),
    epoch: Number(row.epoch),
    beat: Number(row.beat),
    mark: row.session === null ? null : parseMark(String(row.session)),
  };
}

function parseMark(text: string): HolderMark | null {
  const [kind, process, session] = text.split(' ');
  if (kind !== 'session' && kind !== 'lease' && kind !== 'process') return null;
  return { kind, process: process ?? '', session: session ?? '' };
}

/**
 * Takes the lease that was read as `seen`; has changed one row only if nobody else was faster. Throws a fault of the
 * primary key when two make the first row at once.
 */
export function takeLease(
  tables: LedgerTables,
  lease: Omit<LeaseHolder, 'beat'>,
  seen: LeaseHolder | undefined,
): Query {
  const { holder, host, pid, runId, epoch, mark } = lease;
  const session = mark === null ? null : `${mark.kind} ${mark.process} ${mark.session}`;
  if (seen === undefined) {
    return {
      sql: `insert into ${tables.lock} (name, holder, host, pid, run_id, epoch, beat, session) values (?, ?, ?, ?, ?, ?, 0, ?)`,
      params: ['lease', holder, host, pid, runId, epoch, session],
    };
  }
  return {
    sql: `update ${tables.lock} set holder = ?, host = ?, pid = ?, run_id = ?, epoch = ?, beat = 0, session = ? where name = ? and epoch = ? and beat = ?`,
    params: [holder, host, pid, runId, epoch, session, 'lease', seen.epoch, seen.beat],
  };
}

/** Moves the fence to the new epoch; waits for transactions that hold the old one. */
export function raiseFence(dialect: Dialect, tables: LedgerTables, epoch: number): Query {
  return {
    sql: `insert into ${tables.lock} (name, epoch, beat) values (?, ?, 0) ${dialect.ledger.upsert(['name'], ['epoch'])}`,
    params: ['fence', epoch],
  };
}

/** The fence is a row of its own, so that beats and transactions that hold it never wait for each other. */
export function fenceOf(tables: LedgerTables, epoch: number, key: string | undefined): Fence {
  return {
    query: {
      sql: `select 1 as held from ${tables.lock} where name = ? and epoch = ?`,
      params: ['fence', epoch],
    },
    ...(key === undefined ? {} : { key }),
  };
}

export function beatLease(tables: LedgerTables, epoch: number): Query {
  return {
    sql: `update ${tables.lock} set beat = beat + 1 where name = ? and epoch = ?`,
    params: ['lease', epoch],
  };
}

/** Leaves epoch and host for the next holder and for messages. */
export function freeLease(tables: LedgerTables, epoch: number): Query {
  return {
    sql: `update ${tables.lock} set holder = null, session = null where name = ? and epoch = ?`,
    params: ['lease', epoch],
  };
}
