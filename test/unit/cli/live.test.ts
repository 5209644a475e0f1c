import { expect, it } from 'vitest';
import { createPaint } from '../../../src/cli/output/colour.js';
import { initialLive, liveLines, nextLive } from '../../../src/cli/output/live.js';
import type { RunEvent } from '../../../src/events.js';

const step = { version: '1', phase: 'up', direction: 'up', description: 'x' } as const;
const start = (shards: readonly string[]): RunEvent => ({
  type: 'run-start',
  runId: 'r',
  command: 'migrate up',
  shards,
});
const shard = (name: string): RunEvent => ({
  type: 'shard-start',
  shard: name,
  steps: 1,
  target: `sqlite:${name}.db`,
});
const begin = (statements: number | null): RunEvent => ({
  type: 'step-start',
  shard: 'a',
  step,
  index: 0,
  of: 1,
  statements,
});
const end: RunEvent = { type: 'step-end', shard: 'a', step, outcome: 'done', durationMs: 2 };

async function shown(events: readonly RunEvent[], verbose = false): Promise<readonly string[]> {
  const paint = await createPaint(0);
  let state = initialLive;
  return events.flatMap((event) => {
    const lines = liveLines(state, event, { paint, verbose });
    state = nextLive(state, event);
    return lines;
  });
}

it('F157 says once where it is going to write, before it does', async () => {
  const lines = await shown([
    start(['a', 'b']),
    shard('a'),
    begin(1),
    end,
    start(['a']),
    shard('a'),
    begin(1),
    end,
  ]);
  expect(lines).toEqual(['a  on sqlite:a.db', 'a  up 1 x  2 ms', 'a  up 1 x  2 ms']);
});

it('F157 does so for the one shard without a name', async () => {
  expect(await shown([start(['default']), shard('default')])).toEqual(['on sqlite:default.db']);
});

it('says it of a large fleet only when asked', async () => {
  const names = Array.from({ length: 11 }, (_, i) => `s${i}`);
  expect(await shown([start(names), shard('s0')])).toEqual([]);
  expect(await shown([start(names), shard('s0')], true)).toEqual(['run r', 's0  on sqlite:s0.db']);
});

it('says of a step that it is empty', async () => {
  const lines = await shown([start(['a']), begin(0), end, begin(null), end]);
  expect(lines).toEqual(['a  up 1 x (empty: nothing to run)  2 ms', 'a  up 1 x  2 ms']);
});
