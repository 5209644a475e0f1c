import type { Config, Shard } from '../config/config.js';
import { attemptMs, untilReachable } from '../dialects/reach.js';
import { DbpatError } from '../errors.js';
import type { Emit } from '../events.js';
import { connectOptions, eachShard, workTarget } from './context.js';
import { shardError } from './failure.js';

export interface WaitRequest {
  readonly config: Config;
  readonly waitMs: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Waits until every shard can be reached, or the time is over. What is wrong with a shard that answers is left to the
 * command itself. Never writes. Throws the signal's reason when it aborts.
 * @returns the shards that have not come up, each with its error
 */
export async function waitForShards(
  request: WaitRequest,
  shards: readonly Shard[],
): Promise<readonly DbpatError[]> {
  const { config, waitMs, emit, signal } = request;
  const started = performance.now();
  const errors = await eachShard(request, shards, async (shard) => {
    const options = connectOptions(shard, config, 'read');
    const connect = async (leftMs: number) => {
      const connectMs = attemptMs(options.connectMs, leftMs);
      const session = await shard.dialect.connect(workTarget(shard), { ...options, connectMs });
      await session.close();
    };
    try {
      await untilReachable(connect, {
        // Shards that had to queue behind the limits share the time of those before them.
        waitMs: Math.max(0, waitMs - (performance.now() - started)),
        signal,
        onWait: (reason, waitedMs) => emit({ type: 'wait', shard: shard.name, reason, waitedMs }),
      });
      return [];
    } catch (thrown) {
      const error = shardError(thrown, shard);
      return error.code === 'unreachable' ? [error] : [];
    }
  });
  if (!signal.aborted) return errors.flat();
  throw signal.reason instanceof DbpatError
    ? signal.reason
    : new DbpatError('interrupted', 'stopped while waiting for databases; nothing ran');
}

/** A run starts on all of its shards or on none. @throws DbpatError `unreachable` when one has not come up */
export async function requireShards(request: WaitRequest, shards: readonly Shard[]): Promise<void> {
  const absent = await waitForShards(request, shards);
  const [first] = absent;
  if (first === undefined) return;
  const seconds = Math.round(request.waitMs / 100) / 10;
  if (absent.length === 1) {
    const { hint, details, cause } = first;
    throw new DbpatError('unreachable', `${first.message}; nothing ran after waiting ${seconds} s`, {
      ...details,
      hint,
      cause,
    });
  }
  throw new DbpatError(
    'unreachable',
    `${absent.length} of ${shards.length} shards cannot be reached; nothing ran after waiting ${seconds} s`,
    {
      hint: 'dbpat shards',
      faults: absent.map(({ details, message }) => ({ path: details.shard!, message })),
    },
  );
}
