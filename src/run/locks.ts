import type { Shard } from '../config/config.js';
import { DriverError, type Session } from '../dialects/dialect.js';
import type { OtherSession } from '../dialects/inspector.js';
import { DbpatError } from '../errors.js';
import { type LeaseHolder, readLease } from '../ledger/lease.js';
import { type LedgerTables, ledgerTables } from '../ledger/tables.js';
import { ledgerWriter } from '../ledger/write.js';
import { runExitCode } from '../plan/outcome.js';
import { askConsent, type Consent } from './consent.js';
import { atShard, eachShard, type RunContext, withSession } from './context.js';
import { shardError } from './failure.js';
import { isRunning } from './holder.js';
import { sleep } from './limits.js';
import { describeHolder, lockKey, withLock } from './lock.js';
import { type LockFacts, type LockState, resolveLockState } from './lock-state.js';
import { errorReport, type LockReport, type LocksResult, type ReleaseResult } from './results.js';
import { runStartedAt } from './run-id.js';

/** What is seen of one shard's lock. */
export interface SeenLock extends LockFacts {
  readonly state: LockState;
  readonly tables: LedgerTables;
}

/** Who holds each shard, since when, and whether that one is alive. Never writes. */
export async function showLocks(context: RunContext, shards: readonly Shard[]): Promise<LocksResult> {
  const looks = await eachShard(context, shards, async (shard) => {
    try {
      const lock = await withSession(shard, context.config, 'read', (session) =>
        lookAtLock(context, shard, session),
      );
      return { shard, lock };
    } catch (thrown) {
      return { shard, error: shardError(thrown, shard) };
    }
  });
  const exitCode = runExitCode(
    looks.map(({ error }) => ({
      outcome: error === undefined ? 'up-to-date' : 'failed',
      hadWork: false,
      ...(error === undefined ? {} : { error }),
    })),
  );
  return {
    command: context.command,
    ok: exitCode === 0,
    exitCode,
    shards: looks.map(({ shard, lock, error }) => ({
      shard: shard.name,
      lock: lock === undefined ? null : lockReport(lock),
      ...(error === undefined ? {} : { error: errorReport(error) }),
    })),
  };
}

/** A holder that has just come or gone has not said so yet. */
const settleMs = 300;

/**
 * Looks at a shard's lock; of a lease whose holder is on another machine for a quarter of its time to live, whether it
 * moves. Never writes.
 */
export async function lookAtLock(context: RunContext, shard: Shard, session: Session): Promise<SeenLock> {
  const tables = ledgerTables(shard.dialect, session.server.schema, context.config.table);
  const first = await look(shard, session, tables, undefined);
  if (first.state === 'orphaned') {
    await sleep(settleMs, context.signal);
    return look(shard, session, tables, undefined);
  }
  if (first.state !== 'unknown') return first;
  const until = performance.now() + context.config.lock.ttlMs / 4;
  for (;;) {
    await sleep(settleMs, context.signal);
    const seen = await look(shard, session, tables, first.lease);
    if (seen.state !== 'unknown' || performance.now() >= until || context.signal.aborted) return seen;
  }
}

async function look(
  shard: Shard,
  session: Session,
  tables: LedgerTables,
  before: LeaseHolder | undefined,
): Promise<SeenLock> {
  const inspector = await shard.dialect.inspector();
  const owner = await inspector.lockHolder(session, lockKey(shard, session, tables));
  const lease = await leaseOf(session, tables);
  const mark = lease?.mark;
  const tells = mark?.kind === 'lease' && !session.server.pooled && (await session.exclusion()) === 'lease';
  const facts: LockFacts = {
    lease,
    owner,
    running: lease?.holder ? isRunning(lease) : undefined,
    connected: tells ? await session.isAlive(mark.session) : undefined,
    moved: before !== undefined && (lease?.epoch !== before.epoch || lease.beat !== before.beat),
  };
  return { ...facts, state: resolveLockState(facts), tables };
}

async function leaseOf(session: Session, tables: LedgerTables): Promise<LeaseHolder | undefined> {
  if (session.server.absent) return undefined;
  try {
    return await readLease(session, tables);
  } catch (error) {
    if (error instanceof DriverError && error.kind === 'no-such-table') return undefined;
    throw error;
  }
}

/** As data; what is written of a holder that is gone stays in the row and is not shown. */
export function lockReport({ state, lease, owner, running }: SeenLock): LockReport {
  const named = lease?.holder && state !== 'orphaned' ? lease : undefined;
  return {
    state,
    holder: named?.holder ?? null,
    host: named?.host ?? null,
    pid: named?.pid ?? null,
    runId: named?.runId ?? null,
    kind: named?.mark?.kind ?? (owner === undefined ? null : 'session'),
    epoch: lease?.epoch ?? 0,
    beat: lease?.beat ?? 0,
    since: owner?.since ?? (named?.runId ? (runStartedAt(named.runId) ?? null) : null),
    processRuns: named === undefined ? null : (running ?? null),
    session: owner ?? null,
  };
}

export interface ReleaseRequest extends Consent {
  readonly shards: readonly Shard[];
  readonly reason: string;
  /** Also from a holder that is alive: its session is ended. */
  readonly terminate: boolean;
}

type Released = Omit<ReleaseResult['shards'][number], 'shard' | 'error'> & {
  readonly shard: Shard;
  readonly error?: DbpatError;
};

/**
 * Frees locks whose holder is gone, and with `terminate` those of one who is alive. The lock is taken over as a run
 * would, so that the former holder is fenced off, and given back at once; each is a line of the log.
 * @throws DbpatError `protected`
 */
export async function releaseLocks(context: RunContext, request: ReleaseRequest): Promise<ReleaseResult> {
  const wary = request.shards.filter((shard) => shard.protected).map((shard) => shard.name);
  await askConsent(context.command, wary, request);
  const ends = await eachShard(context, request.shards, async (shard): Promise<Released> => {
    try {
      return await withSession(shard, context.config, 'write', (session) =>
        release(context, request, shard, session),
      );
    } catch (thrown) {
      return { shard, outcome: 'kept', terminated: null, lock: null, error: shardError(thrown, shard) };
    }
  });
  const exitCode = runExitCode(
    ends.map(({ outcome, error }) => ({
      outcome: error === undefined ? 'applied' : 'failed',
      hadWork: outcome === 'released',
      ...(error === undefined ? {} : { error }),
    })),
  );
  return {
    command: context.command,
    ok: exitCode === 0,
    exitCode,
    runId: context.stamp.runId,
    shards: ends.map(({ shard, error, ...end }) => ({
      shard: shard.name,
      ...end,
      ...(error === undefined ? {} : { error: errorReport(error) }),
    })),
  };
}

async function release(
  context: RunContext,
  request: ReleaseRequest,
  shard: Shard,
  session: Session,
): Promise<Released> {
  const lock = await lookAtLock(context, shard, session);
  const report = lockReport(lock);
  if (lock.state === 'free') return { shard, outcome: 'free', terminated: null, lock: report };
  const alive = lock.state === 'held' || lock.state === 'orphaned';
  if (alive && !request.terminate) throw isAlive(context, shard, lock);
  const terminated = alive ? await terminate(shard, session, lock) : null;
  const { config, stamp, emit, signal } = context;
  const { lease, tables } = lock;
  // A lease of which nothing is known is watched for its whole time to live before it is taken.
  const waitMs = Math.max(config.lock.waitMs, 2 * config.lock.ttlMs);
  await withLock(
    {
      session,
      shard,
      tables,
      present: lease !== undefined,
      config: { ...config, lock: { ...config.lock, waitMs } },
      stamp,
      emit,
      signal,
      ...(alive && lease !== undefined ? { takeEpoch: lease.epoch } : {}),
    },
    async () => {
      const { holder, host, pid, runId, epoch } = report;
      const from = { holder, host, pid, runId, epoch };
      const writer = ledgerWriter(shard.dialect, tables, stamp);
      await session.batch([
        writer.log('release', null, {
          reason: request.reason,
          from,
          ...(terminated === null ? {} : { terminated }),
        }),
      ]);
    },
  );
  return { shard, outcome: 'released', terminated, lock: report };
}

/** Ends the holder's session, if it is one that can be ended from here. @returns its id, or null without one */
async function terminate(shard: Shard, session: Session, lock: SeenLock): Promise<string | null> {
  const { owner, lease, connected } = lock;
  if (lease?.mark?.kind === 'process' && owner === undefined) {
    throw new DbpatError(
      'refused',
      `${shard.name}: held by ${describeHolder(lease)}, a process that only its own machine can end; nothing was released`,
      { shard: shard.name, hint: `kill ${lease.pid}` },
    );
  }
  const id = owner?.id ?? (connected === true ? lease!.mark!.session : undefined);
  if (id === undefined) return null;
  await session.terminate(id);
  if (owner === undefined) return id;
  const inspector = await shard.dialect.inspector();
  const left: OtherSession | undefined = await inspector.lockHolder(
    session,
    lockKey(shard, session, lock.tables),
  );
  if (left?.id !== id) return id;
  throw new DbpatError(
    'lock_timeout',
    `${shard.name}: the session ${id} does not end; nothing was released`,
    {
      shard: shard.name,
      hint: 'dbpat lock show',
    },
  );
}

function isAlive(context: RunContext, shard: Shard, lock: SeenLock): DbpatError {
  const { owner, lease } = lock;
  const who = lock.state === 'held' ? describeHolder(lease) : 'a session that no run has claimed';
  const doing =
    owner === undefined
      ? ''
      : `, session ${owner.id}${owner.state === null ? '' : `, ${owner.state} for ${owner.stateSeconds ?? '?'} s`}`;
  return new DbpatError(
    'refused',
    `${shard.name}: held by ${who}${doing}, which is alive; nothing was released`,
    {
      shard: shard.name,
      hint: `wait for it, or end its session: dbpat lock release --terminate${atShard(context, shard)} --reason TEXT`,
    },
  );
}
