import { Worker } from 'node:worker_threads';
import type { Config, Shard } from '../config/config.js';
import type { ConnectOptions, Query, Target } from '../dialects/dialect.js';
import { connectOptions, workTarget } from './context.js';

/** One lease that the worker keeps alive. */
export interface BeatJob {
  readonly id: number;
  readonly dialect: string;
  /** With its password as a plain field: a message between threads copies only such fields. */
  readonly target: Target;
  readonly options: ConnectOptions;
  readonly beat: Query;
  readonly everyMs: number;
  /** Monotonic nanoseconds of the last beat that the server has answered. */
  readonly last: SharedArrayBuffer;
}

export type BeatMessage = { readonly start: BeatJob } | { readonly stop: number };

export interface Heartbeat {
  /** When the server answered last, as `performance.now()`. */
  lastMs(): number;
  stop(): Promise<void>;
}

let worker: Worker | undefined;
let jobs = 0;
let ids = 0;

function startWorker(): Worker {
  const started = new Worker(new URL('../run/heartbeat-worker.js', import.meta.url));
  started.unref();
  started.on('error', () => {
    if (worker === started) worker = undefined;
  });
  return started;
}

/**
 * Beats a lease from a thread of its own, over its own connection, so that neither a long statement nor a busy event
 * loop holds it up. The fence decides what may commit; the beats only keep others from taking over.
 */
export function startHeartbeat(request: {
  readonly shard: Shard;
  readonly config: Config;
  readonly beat: Query;
  readonly everyMs: number;
}): Heartbeat {
  const { shard, config, beat, everyMs } = request;
  worker ??= startWorker();
  const last = new SharedArrayBuffer(8);
  const at = new BigInt64Array(last);
  Atomics.store(at, 0, process.hrtime.bigint());
  const id = ids++;
  const target = workTarget(shard);
  jobs++;
  worker.postMessage({
    start: {
      id,
      dialect: shard.dialect.name,
      target: { ...target, ...(target.password === undefined ? {} : { password: target.password }) },
      options: { ...connectOptions(shard, config, 'write'), onConnect: [] },
      beat,
      everyMs,
      last,
    },
  } satisfies BeatMessage);
  return {
    lastMs: () => performance.now() - Number(process.hrtime.bigint() - Atomics.load(at, 0)) / 1e6,
    stop: async () => {
      jobs--;
      worker?.postMessage({ stop: id } satisfies BeatMessage);
      if (jobs > 0) return;
      const idle = worker;
      worker = undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        idle?.once('message', () => {
          clearTimeout(timer);
          resolve();
        });
      });
      await idle?.terminate();
    },
  };
}
