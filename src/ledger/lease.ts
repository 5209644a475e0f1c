import type { Dialect, Query, Session } from '../dialects/dialect.js';
import type { LedgerTables } from './tables.js';

/** Who holds a shard, as its lock table says. */
export interface LeaseHolder {
  /** `user@host`; null when it is free. */
  readonly holder: string | null;
  readonly host: string | null;
  readonly pid: number | null;
  readonly runId: string | null;
  readonly epoch: number;
  readonly beat: number;
  /** What makes the holder's session or process the same one: backend pid, connection id, or pid and start time. */
  readonly session: string | null;
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
    session: row.session === null ? null : String(row.session),
  };
}

export function takeLease(dialect: Dialect, tables: LedgerTables, lease: Omit<LeaseHolder, 'beat'>): Query {
  return {
    sql: `insert into ${tables.lock} (name, holder, host, pid, run_id, epoch, beat, session) values (?, ?, ?, ?, ?, ?, 0, ?) ${dialect.ledger.upsert(['name'], ['holder', 'host', 'pid', 'run_id', 'epoch', 'beat', 'session'])}`,
    params: ['lease', lease.holder, lease.host, lease.pid, lease.runId, lease.epoch, lease.session],
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
