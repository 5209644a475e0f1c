import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { Config, Shard } from '../config/config.js';
import type { Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { Emit } from '../events.js';
import { beatLease, freeLease, type LeaseHolder, readLease, takeLease } from '../ledger/lease.js';
import { createTables, type LedgerTables } from '../ledger/tables.js';
import type { RunStamp } from '../ledger/write.js';
import { backoff, sleep } from './limits.js';

/** What a runner on another host must see unchanged for this long before it takes over. */
const staleAfterMs = 30_000;

export interface LockRequest {
  readonly session: Session;
  readonly shard: Shard;
  readonly tables: LedgerTables;
  readonly config: Config;
  readonly stamp: RunStamp;
  /** The ledger's tables are there already. */
  readonly present: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface HeldLock {
  /** Shows waiting runners that this one goes on. */
  beat(): Promise<void>;
}

/**
 * The shard's lock for the time of `work`, held by the very session that does the work. Makes the ledger's tables.
 * The lock is tried, never waited for inside the server, so a waiter holds no snapshot.
 * @throws DbpatError `lock_timeout` naming the holder
 */
export async function withLock<T>(request: LockRequest, work: (lock: HeldLock) => Promise<T>): Promise<T> {
  const bySession = request.shard.dialect.capabilities.sessionLock;
  const key = `${request.shard.target.database}\0${request.session.server.schema ?? ''}\0${request.tables.name}`;
  const epoch = await acquire(request, bySession ? () => trySession(request, key) : () => tryLease(request));
  try {
    return await work({
      beat: () => request.session.query(beatLease(request.tables, epoch)).then(() => undefined),
    });
  } finally {
    await release(request, bySession, key, epoch);
  }
}

/** The epoch once the lock is ours. */
async function acquire(
  request: LockRequest,
  attempt: () => Promise<number | LeaseHolder | undefined>,
): Promise<number> {
  const { shard, config, signal } = request;
  const started = performance.now();
  for (let n = 0; ; n++) {
    const answer = await attempt();
    if (typeof answer === 'number') return answer;
    const waited = performance.now() - started;
    const holder = describeHolder(answer);
    if (waited >= config.lock.waitMs || signal.aborted) {
      throw new DbpatError(
        'lock_timeout',
        `${shard.name}: locked by ${holder}; nothing ran after waiting ${Math.round(waited / 100) / 10} s`,
        {
          shard: shard.name,
          hint: 'run it again when that run has ended, or wait longer: --lock-wait 5m',
        },
      );
    }
    request.emit({ type: 'lock-wait', shard: shard.name, holder, waitedMs: Math.round(waited) });
    await sleep(Math.min(backoff(n, 200, 2000), Math.max(50, config.lock.waitMs - waited)), signal);
  }
}

function describeHolder(lease: LeaseHolder | undefined): string {
  if (lease?.holder === null || lease === undefined) return 'another run that has not said its name';
  return `${lease.holder} (pid ${lease.pid} on ${lease.host}, run ${lease.runId})`;
}

async function trySession(request: LockRequest, key: string): Promise<number | LeaseHolder | undefined> {
  const { session, tables, shard } = request;
  if (!(await session.tryLock(key))) return request.present ? readLease(session, tables) : undefined;
  if (!request.present) await session.batch(createTables(shard.dialect, tables));
  const before = await readLease(session, tables);
  const epoch = (before?.epoch ?? 0) + 1;
  await session.query(takeLease(shard.dialect, tables, ownLease(request, epoch, session.server.sessionId)));
  return epoch;
}

/** The lease row itself is the lock: read and taken in one writing transaction. */
async function tryLease(request: LockRequest): Promise<number | LeaseHolder | undefined> {
  const { session, tables, shard } = request;
  if (!request.present) await session.batch(createTables(shard.dialect, tables));
  await session.begin();
  try {
    const lease = await readLease(session, tables);
    if (lease !== undefined && lease.holder !== null && !isStale(lease, shard.name)) {
      await session.rollback();
      return lease;
    }
    const epoch = (lease?.epoch ?? 0) + 1;
    await session.commit([
      takeLease(shard.dialect, tables, ownLease(request, epoch, processMark(process.pid))),
    ]);
    return epoch;
  } catch (error) {
    await session.rollback();
    throw error;
  }
}

function ownLease(request: LockRequest, epoch: number, session: string): Omit<LeaseHolder, 'beat'> {
  return {
    holder: request.stamp.actor,
    host: hostname(),
    pid: process.pid,
    runId: request.stamp.runId,
    epoch,
    session,
  };
}

const watched = new Map<string, { readonly mark: string; readonly since: number }>();

/** A process of this host that is gone, or a lease of another host that has not moved for long by our own clock. */
function isStale(lease: LeaseHolder, shard: string): boolean {
  if (lease.host === hostname()) return lease.pid === null || processMark(lease.pid) !== lease.session;
  const mark = `${lease.epoch}/${lease.beat}`;
  const seen = watched.get(shard);
  if (seen?.mark !== mark) {
    watched.set(shard, { mark, since: performance.now() });
    return false;
  }
  return performance.now() - seen.since > staleAfterMs;
}

/** Names a process beyond its pid, which is used again: its start time where the system tells (Linux, proc(5) field 22). */
function processMark(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'gone';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return `${pid}@${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return `${pid}`;
  }
}

async function release(request: LockRequest, bySession: boolean, key: string, epoch: number): Promise<void> {
  const { session, tables, shard, emit } = request;
  try {
    await session.query(freeLease(tables, epoch));
    if (bySession && !(await session.unlock(key))) {
      emit({
        type: 'warning',
        shard: shard.name,
        message: 'the lock was not held any more when the run ended',
      });
    }
  } catch {
    emit({
      type: 'warning',
      shard: shard.name,
      message: 'the lock could not be given back; it ends with the session',
    });
  }
}

/** `user@host`. */
export function actor(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // A container may run under a uid that has no name.
  }
  return `${user}@${hostname()}`;
}
