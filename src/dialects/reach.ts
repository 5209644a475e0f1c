import { setTimeout as wait } from 'node:timers/promises';
import { DriverError } from './dialect.js';

export interface ReachOptions {
  /** 0: one attempt. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Before each pause. */
  readonly onWait?: ((reason: string, waitedMs: number) => void) | undefined;
}

/** The time for one attempt: the config's own (0: none), but not more than what is left. */
export function attemptMs(connectMs: number, leftMs: number): number {
  if (leftMs === Number.POSITIVE_INFINITY) return connectMs;
  return connectMs === 0 ? leftMs : Math.min(connectMs, leftMs);
}

/**
 * Connects as soon as the database is up: refused, unknown host, starting up and the like are tried again until `waitMs`
 * are over; wrong credentials and other answers of a server that is there are thrown at once.
 * @param attempt is told how many milliseconds it may take at most; infinitely many where nothing is waited for
 */
export async function untilReachable<T>(
  attempt: (leftMs: number) => Promise<T>,
  { waitMs, signal, onWait }: ReachOptions,
): Promise<T> {
  const started = performance.now();
  for (let pauseMs = 100; ; pauseMs = Math.min(2000, pauseMs * 1.5)) {
    try {
      return await attempt(
        waitMs === 0 ? Number.POSITIVE_INFINITY : Math.max(1000, started + waitMs - performance.now()),
      );
    } catch (error) {
      const absent = error instanceof DriverError && ['unreachable', 'lost'].includes(error.kind);
      const waitedMs = performance.now() - started;
      if (signal?.aborted) throw signal.reason;
      if (!absent || waitedMs >= waitMs) throw error;
      onWait?.(error.message, Math.round(waitedMs));
      await wait(Math.min(pauseMs, waitMs - waitedMs), undefined, { signal }).catch(() => {});
    }
  }
}
