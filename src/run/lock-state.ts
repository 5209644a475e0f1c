import type { OtherSession } from '../dialects/inspector.js';
import type { LeaseHolder } from '../ledger/lease.js';

/** Who holds a shard, put together from what can be seen from here. */
export interface LockFacts {
  readonly lease: LeaseHolder | undefined;
  /** The session that has the session lock. */
  readonly owner: OtherSession | undefined;
  /** Whether the process of the lease runs; undefined where it is one of another machine. */
  readonly running: boolean | undefined;
  /** Whether the server still has the lease's session; undefined where that cannot be known, or says nothing. */
  readonly connected: boolean | undefined;
  /** The lease was seen to move. */
  readonly moved: boolean;
}

/**
 * `free`: nobody. `held`: somebody who is alive. `stale`: somebody who is gone; the next run takes it over by itself.
 * `orphaned`: a session of the server that no run has claimed, as one that a pooler keeps. `unknown`: a holder on another
 * machine of whom nothing is seen.
 */
export type LockState = 'free' | 'held' | 'stale' | 'orphaned' | 'unknown';

/** Pure. */
export function resolveLockState({ lease, owner, running, connected, moved }: LockFacts): LockState {
  if (owner !== undefined) return claims(lease, owner) ? 'held' : 'orphaned';
  if (lease === undefined || lease.holder === null) return 'free';
  if (lease.mark?.kind === 'session') return 'stale';
  if (running !== undefined) return running ? 'held' : 'stale';
  return moved || connected === true ? 'held' : 'unknown';
}

/** The lease is that of the session. What hides a session's start from us leaves its number. */
function claims(lease: LeaseHolder | undefined, owner: OtherSession): boolean {
  if (lease === undefined || lease.holder === null || lease.mark === null) return false;
  const [theirs = '', ours = ''] = [owner.id, lease.mark.session];
  return theirs === ours || (theirs.endsWith('/') && ours.startsWith(theirs));
}
