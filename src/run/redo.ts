import type { Shard } from '../config/config.js';
import type { Request } from '../plan/plan.js';
import type { RunResult } from './results.js';

/** Up again what came down on this shard, and nothing else. Pure. */
export function redoRequest(down: RunResult, shard: Shard): Request {
  const own = down.shards.find((result) => result.shard === shard.name);
  const finished = own?.outcome === 'reverted';
  const only = finished ? own.steps.map((step) => step.version) : [];
  return { direction: 'up', only, allowOutOfOrder: true };
}

/** Both halves as one result: a shard's steps are its downs, then its ups. Pure. */
export function mergeRedo(down: RunResult, up: RunResult): RunResult {
  const shards = down.shards.map((first) => {
    const second = up.shards.find((result) => result.shard === first.shard)!;
    if (first.error !== undefined) return first;
    return {
      ...second,
      durationMs: first.durationMs + second.durationMs,
      steps: [...first.steps, ...second.steps],
      warnings: [...first.warnings, ...second.warnings],
    };
  });
  const exitCode = down.exitCode !== 0 ? down.exitCode : up.exitCode;
  const { resume: _none, ...result } = up;
  return { ...result, ok: exitCode === 0, exitCode, durationMs: down.durationMs + up.durationMs, shards };
}
