import { createHash } from 'node:crypto';
import type { Shard, Wave } from '../config/config.js';
import { matchesSelector, parseSelector } from '../config/selector.js';

export interface ShardWave {
  readonly wave: Wave;
  /** In the order of the config; may be empty. */
  readonly shards: readonly Shard[];
}

/** The shards in the order of the waves, each in the first that selects it; what none selects comes last. Pure. */
export function resolveWaves(shards: readonly Shard[], waves: readonly Wave[]): readonly ShardWave[] {
  let left = [...shards];
  const resolved = waves.map((wave) => {
    const chosen = left.filter((shard) => wave.shards.some((selector) => selects(selector, shard)));
    left = left.filter((shard) => !chosen.includes(shard));
    return { wave, shards: chosen };
  });
  if (left.length > 0) {
    const rest: Wave = {
      name: waves.length === 0 ? 'all' : 'rest',
      shards: ['*'],
      pauseMs: 0,
      onFailure: 'continue',
    };
    resolved.push({ wave: rest, shards: left });
  }
  return resolved.filter((wave) => wave.shards.length > 0);
}

/** `25%` takes a shard by a hash of its name, so that it stays in its wave when others come and go. */
function selects(text: string, shard: Shard): boolean {
  const selector = parseSelector(text);
  if (selector?.kind !== 'percent') return selector !== undefined && matchesSelector(selector, shard);
  const hash = createHash('sha256').update(shard.name).digest().readUInt32BE(0) / 2 ** 32;
  return hash * 100 < selector.percent;
}
