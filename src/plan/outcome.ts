import { type DbpatError, exitCodes } from '../errors.js';
import type { ShardOutcome } from '../events.js';

export interface ShardEnd {
  readonly outcome: ShardOutcome;
  /** It had steps to run, whether or not they ran. */
  readonly hadWork: boolean;
  readonly error?: DbpatError;
}

/** When several shards fail for several reasons, the first of these that occurred is the run's (SPEC section 5). */
const order = [11, 6, 7, 8, 3];

/**
 * The exit code of a run over shards. Pure.
 * A shard that could not be reached counts as one that had work: nobody knows that it had none.
 */
export function runExitCode(ends: readonly ShardEnd[]): number {
  const failures = ends.flatMap((end) => (end.error === undefined ? [] : [end.error.exitCode]));
  if (failures.length === 0) return 0;
  const signal = failures.find((code) => code > 128);
  if (signal !== undefined) return signal;
  const finished = ends.some(
    (end) =>
      end.hadWork && end.error === undefined && (end.outcome === 'applied' || end.outcome === 'reverted'),
  );
  if (finished) return exitCodes.fleet_split;
  return order.find((code) => failures.includes(code)) ?? Math.max(...failures);
}
