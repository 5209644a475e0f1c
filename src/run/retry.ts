import { DriverError } from '../dialects/dialect.js';
import { withSession } from './context.js';
import { backoff, sleep } from './limits.js';
import type { StepRun } from './record.js';

/** A deadlock's victim is tried again so often at most. */
const mostDeadlocks = 3;

/**
 * Runs `attempt` until it succeeds, fails for another reason than a lock, or the time for lock waits is over.
 * `attempt` must leave nothing behind when it fails, so that locks are free between attempts and no queue piles up.
 */
export async function withLockRetries<T>(run: StepRun, attempt: () => Promise<T>): Promise<T> {
  const { context, shard, session } = run;
  const { retry, timeouts } = context.config;
  const started = performance.now();
  let deadlocks = 0;
  let blockers: readonly string[] = [];
  for (let n = 0; ; n++) {
    const look = async () => {
      const seen = await withSession(shard, context.config, 'read', (other) =>
        other.blockers(session.server.sessionId),
      );
      if (seen.length > 0) blockers = seen;
    };
    const last = performance.now() - started + timeouts.ddlLockMs >= retry.ddlLockMs;
    const watch =
      n > 0 || last ? setTimeout(() => void look().catch(() => {}), timeouts.ddlLockMs / 2) : undefined;
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      const waited = performance.now() - started;
      const again =
        (error.kind === 'lock-timeout' && waited < retry.ddlLockMs) ||
        (error.kind === 'retryable' && ++deadlocks <= mostDeadlocks);
      if (!again || context.signal.aborted)
        throw error.kind === 'lock-timeout' ? withBlockers(error, waited, blockers) : error;
      const waitMs = Math.round(backoff(n, 100, 5000));
      context.emit({
        type: 'retry',
        shard: shard.name,
        step: run.step,
        attempt: n + 1,
        waitMs,
        reason: reasonOf(error, blockers),
      });
      await sleep(waitMs, context.signal);
    } finally {
      clearTimeout(watch);
    }
  }
}

function reasonOf(error: DriverError, blockers: readonly string[]): string {
  return blockers.length === 0 ? error.message : `${error.message}; blocked by ${blockers[0]}`;
}

function withBlockers(error: DriverError, waitedMs: number, blockers: readonly string[]): DriverError {
  const who = blockers.length === 0 ? '' : `\n  blocked by ${blockers.join('\n  blocked by ')}`;
  return new DriverError(
    error.kind,
    `${error.message}; given up after ${Math.round(waitedMs / 100) / 10} s${who}`,
    {
      dbCode: error.dbCode,
      position: error.position,
      at: error.at,
      hint: blockers.length === 0 ? error.hint : 'end the blocking session, or wait for it',
      cause: error,
    },
  );
}
