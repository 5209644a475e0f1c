import { expect, it } from 'vitest';
import { createPaint } from '../../../src/cli/output/colour.js';
import type { View } from '../../../src/cli/output/page.js';
import { renderLocks, renderRelease } from '../../../src/cli/output/pretty/lock.js';
import type { LockReport } from '../../../src/run/results.js';

const paint = await createPaint(0);
const view: View = { out: paint, err: paint, width: 100, quiet: false, verbose: false };
const result = { command: 'lock show', ok: true, exitCode: 0 };

const free: LockReport = {
  state: 'free',
  holder: null,
  host: null,
  pid: null,
  runId: null,
  kind: null,
  epoch: 1,
  beat: 0,
  since: null,
  processRuns: null,
  session: null,
};
const held: LockReport = {
  ...free,
  state: 'held',
  holder: 'ann@db1',
  host: 'db1',
  pid: 7,
  runId: 'r1',
  kind: 'session',
  since: '2026-01-31T10:20:30.000Z',
  processRuns: true,
  session: { id: '42/x', user: 'app', client: '10.0.0.7', state: 'active', stateSeconds: 61, since: null },
};
const { session: _none, ...gone } = { ...held, state: 'stale' as const, processRuns: false };

it('says in a line who holds a shard', () => {
  const shards = [
    { shard: 'a', lock: free },
    { shard: 'b', lock: held },
    { shard: 'c', lock: { ...gone, session: null } },
    {
      shard: 'd',
      lock: { ...held, state: 'orphaned' as const, holder: null, since: null, processRuns: null },
    },
    { shard: 'e', lock: { ...gone, state: 'unknown' as const, session: null, processRuns: null } },
  ];
  expect(renderLocks({ ...result, shards }, view).stdout).toEqual([
    'a  free',
    'b  held by ann@db1 (pid 7 on db1, run r1) since 2026-01-31 10:20:30; session 42/x of app from 10.0.0.7, active for 1 m 01 s',
    'c  stale: ann@db1 (pid 7 on db1, run r1) since 2026-01-31 10:20:30; its process is gone; the next run takes it over by itself',
    'd  orphaned: a session that no run has claimed; session 42/x of app from 10.0.0.7, active for 1 m 01 s; dbpat lock release --terminate ends it',
    'e  unknown: ann@db1 (pid 7 on db1, run r1) since 2026-01-31 10:20:30; it does not move; the next run takes it over when that stays so',
    '5 shards: 1 free, 1 held, 1 stale, 1 orphaned, 1 unknown',
  ]);
});

it('a single database has no name', () => {
  expect(renderLocks({ ...result, shards: [{ shard: 'default', lock: free }] }, view).stdout).toEqual([
    'free',
  ]);
});

it('says what was released', () => {
  const shards = [
    { shard: 'a', outcome: 'free' as const, terminated: null, lock: free },
    { shard: 'b', outcome: 'released' as const, terminated: '42/x', lock: held },
  ];
  expect(renderRelease({ ...result, runId: 'r2', shards }, view).stdout).toEqual([
    'b: released from ann@db1 (pid 7 on db1); its session 42/x was ended',
    '1 lock released (run r2)',
  ]);
  const none = renderRelease({ ...result, runId: 'r2', shards: shards.slice(0, 1) }, view);
  expect(none.stdout).toEqual(['nothing was held']);
});
