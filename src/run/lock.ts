import { hostname } from 'node:os';
import type { Config, Shard } from '../config/config.js';
import { DriverError, type Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { Emit } from '../events.js';
import { failpoint } from '../failpoint.js';
import {
  beatLease,
  fenceOf,
  freeLease,
  type HolderMark,
  type LeaseHolder,
  raiseFence,
  readLease,
  takeLease,
} from '../ledger/lease.js';
import { createTables, type LedgerTables } from '../ledger/tables.js';
import { ledgerWriter, type RunStamp } from '../ledger/write.js';
import { lockLost } from './failure.js';
import { startHeartbeat } from './heartbeat.js';
import { isGone, isOwn, processMark } from './holder.js';
import { backoff, sleep } from './limits.js';

export interface LockRequest {
  readonly session: Session;
  readonly shard: Shard;
  readonly tables: LedgerTables;
  readonly config: Config;
  readonly stamp: RunStamp;
  /** The ledger's tables are there already. */
  readonly present: boolean;
  /** The lease with this epoch is taken whoever holds it: only where the user has said so. */
  readonly takeEpoch?: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface HeldLock {
  /** Shows waiting runners that this one goes on. @throws DbpatError `lock_lost` */
  beat(): Promise<void>;
}

/** Who waits too long for the ledger's own tables: another first run is at it, or a transaction of a dead holder. */
const busyFaults = new Set(['lock-timeout', 'retryable']);

/**
 * The shard's lock for the time of `work`, held by the very session that does the work. Makes the ledger's tables.
 * The lock is tried, never waited for inside the server, so a waiter holds no snapshot. The lease row is always written;
 * where no session lock excludes it is the lock, and the fence in each transaction keeps out who has lost it.
 * @throws DbpatError `lock_timeout` naming the holder, `refused` when `lock.mode` asks for what the server does not have
 */
export async function withLock<T>(request: LockRequest, work: (lock: HeldLock) => Promise<T>): Promise<T> {
  const { session, shard, tables, config } = request;
  const kind = await lockKind(request);
  const key = lockKey(shard, session, tables);
  const epoch = await acquire(request, kind, key);
  session.useFence(fenceOf(tables, epoch, kind === 'session' ? key : undefined));
  await failpoint('lock.acquired');
  const heartbeat =
    kind === 'lease'
      ? startHeartbeat({ shard, config, beat: beatLease(tables, epoch), everyMs: config.lock.ttlMs / 5 })
      : undefined;
  let beaten = performance.now();
  try {
    return await work({
      beat: async () => {
        const last = heartbeat?.lastMs() ?? beaten;
        if (performance.now() - last < config.lock.ttlMs / 4) return;
        const { affected } = await session.query(beatLease(tables, epoch));
        if (affected === 0) throw lockLost(shard);
        beaten = performance.now();
      },
    });
  } finally {
    session.useFence(undefined);
    await heartbeat?.stop();
    await release(request, kind, key, epoch);
  }
}

/** What the shard's lock is called on its server. */
export function lockKey(shard: Shard, session: Session, tables: LedgerTables): string {
  return `${shard.target.database}\0${session.server.schema ?? ''}\0${tables.name}`;
}

async function lockKind({ session, shard, config }: LockRequest): Promise<HolderMark['kind']> {
  if (shard.dialect.capabilities.files) return 'process';
  const exclusion = await session.exclusion();
  if (config.lock.mode === 'session' && exclusion === 'lease') {
    throw new DbpatError(
      'refused',
      `${shard.name}: lock.mode is 'session', and session locks do not exclude there (${session.server.pooled ? 'a transaction pooler' : 'a cluster with several writers'}); nothing ran`,
      { shard: shard.name, hint: "say lock: { mode: 'auto' }, or give the shard a directUrl" },
    );
  }
  return config.lock.mode === 'lease' ? 'lease' : exclusion;
}

/** The epoch once the lock is ours. */
async function acquire(request: LockRequest, kind: HolderMark['kind'], key: string): Promise<number> {
  const { shard, config, signal } = request;
  const watch = leaseWatch(config.lock.ttlMs);
  const started = performance.now();
  for (let n = 0; ; n++) {
    const answer = await attempt(request, kind, key, watch);
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

export function describeHolder(lease: LeaseHolder | undefined): string {
  if (lease?.holder === null || lease === undefined) return 'another run that has not said its name';
  return `${lease.holder} (pid ${lease.pid} on ${lease.host}, run ${lease.runId})`;
}

/** One try: the epoch, or who seems to hold the lock. */
async function attempt(
  request: LockRequest,
  kind: HolderMark['kind'],
  key: string,
  watch: LeaseWatch,
): Promise<number | LeaseHolder | undefined> {
  const { session, tables } = request;
  const bySession = kind === 'session';
  if (bySession && !(await session.tryLock(key)))
    return request.present ? readLease(session, tables) : undefined;
  let taken: number | undefined;
  try {
    await failpoint('lock.attempt');
    if (!request.present) await makeTables(request);
    await failpoint('lock.tables');
    const lease = await readLease(session, tables);
    if (lease?.holder && !(await isFree(request, kind, lease, watch))) return lease;
    taken = await take(request, kind, lease);
    return taken ?? lease;
  } catch (error) {
    if (error instanceof DriverError && busyFaults.has(error.kind)) return undefined;
    throw error;
  } finally {
    if (taken === undefined && bySession) await session.unlock(key).catch(() => false);
  }
}

/** Several first runs at once: CREATE TABLE IF NOT EXISTS does not exclude on PostgreSQL (23505, 42P07). */
async function makeTables({ session, shard, tables }: LockRequest): Promise<void> {
  for (let n = 0; ; n++) {
    try {
      await session.batch(createTables(shard.dialect, tables));
      return;
    } catch (error) {
      if (n >= 4 || !(error instanceof DriverError) || !/^(23505|42P07|42710)$/.test(error.dbCode ?? ''))
        throw error;
      await sleep(backoff(n, 50, 500));
    }
  }
}

/** Undefined when somebody else was faster. */
async function take(
  request: LockRequest,
  kind: HolderMark['kind'],
  seen: LeaseHolder | undefined,
): Promise<number | undefined> {
  const { session, shard, tables, stamp } = request;
  const epoch = (seen?.epoch ?? 0) + 1;
  const mark = { kind, process: processMark(process.pid) ?? '', session: session.server.sessionId };
  const lease = { holder: stamp.actor, host: hostname(), pid: process.pid, runId: stamp.runId, epoch, mark };
  try {
    const { affected } = await session.query(takeLease(tables, lease, seen));
    if (affected !== 1) return undefined;
    await failpoint('lock.lease');
  } catch (error) {
    if (seen === undefined && error instanceof DriverError && error.kind === 'statement') return undefined;
    throw error;
  }
  try {
    await session.batch([raiseFence(shard.dialect, tables, epoch)]);
    await failpoint('lock.fence');
  } catch (error) {
    await session.query(freeLease(tables, epoch)).catch(() => {});
    throw error;
  }
  if (seen?.holder) {
    const { holder, host, pid, runId } = seen;
    const takeover = ledgerWriter(shard.dialect, tables, stamp).log('takeover', null, {
      from: { holder, host, pid, runId, epoch: seen.epoch },
      epoch,
    });
    await session.query(takeover);
  }
  return epoch;
}

/** A lease that has a holder may be taken: its holder is dead, or it is this run itself on an earlier session. */
async function isFree(
  { session, stamp, takeEpoch }: LockRequest,
  kind: HolderMark['kind'],
  lease: LeaseHolder,
  watch: LeaseWatch,
): Promise<boolean> {
  if (isGone(lease) || lease.epoch === takeEpoch) return true;
  if (isOwn(lease) && lease.runId === stamp.runId) return true;
  // Who holds the session lock knows that the session which wrote such a lease is gone.
  if (kind === 'session' && lease.mark?.kind === 'session') return true;
  if (lease.mark?.kind === 'session' && (await session.isAlive(lease.mark.session)) === true) return false;
  return watch(lease);
}

type LeaseWatch = (lease: LeaseHolder) => boolean;

/** True once a lease has been seen unchanged, several times, for `ttlMs` by our own clock: no wall clocks are compared. */
function leaseWatch(ttlMs: number): LeaseWatch {
  let seen = '';
  let since = 0;
  let reads = 0;
  return ({ epoch, beat }) => {
    const mark = `${epoch}/${beat}`;
    if (mark !== seen) {
      seen = mark;
      since = performance.now();
      reads = 0;
    }
    return ++reads >= 5 && performance.now() - since >= ttlMs;
  };
}

async function release(
  request: LockRequest,
  kind: HolderMark['kind'],
  key: string,
  epoch: number,
): Promise<void> {
  const { session, tables, shard, emit } = request;
  await failpoint('lock.release');
  try {
    await session.query(freeLease(tables, epoch));
    await failpoint('lock.freed');
    if (kind === 'session' && !(await session.unlock(key))) {
      emit({
        type: 'warning',
        shard: shard.name,
        message: 'the lock was not held any more when the run ended',
      });
    }
    await failpoint('lock.released');
  } catch {
    emit({
      type: 'warning',
      shard: shard.name,
      message: 'the lock could not be given back; it ends with the session',
    });
  }
}
