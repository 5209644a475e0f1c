import { expect, it } from 'vitest';
import type { OtherSession } from '../../../src/dialects/inspector.js';
import type { HolderMark, LeaseHolder } from '../../../src/ledger/lease.js';
import { type LockFacts, resolveLockState } from '../../../src/run/lock-state.js';
import { newRunId, runStartedAt } from '../../../src/run/run-id.js';

function lease(kind: HolderMark['kind'], holder: string | null = 'a@b'): LeaseHolder {
  const mark = { kind, process: '7@1', session: '42/2026-01-01T00:00:00+00' };
  return { holder, host: 'b', pid: 7, runId: 'r', epoch: 3, beat: 1, mark: holder === null ? null : mark };
}

function owner(id: string): OtherSession {
  return { id, user: null, client: null, state: null, stateSeconds: null, since: null };
}

const facts: LockFacts = {
  lease: undefined,
  owner: undefined,
  running: undefined,
  connected: undefined,
  moved: false,
};
const own = owner('42/2026-01-01T00:00:00+00');

it.each<[string, Partial<LockFacts>]>([
  ['free', {}],
  ['free', { lease: lease('session', null) }],
  ['held', { lease: lease('session'), owner: own }],
  // What others' sessions are is hidden from a role without pg_read_all_stats.
  ['held', { lease: lease('session'), owner: owner('42/') }],
  // The client is gone, and its statement still runs.
  ['held', { lease: lease('session'), owner: own, running: false }],
  ['orphaned', { owner: own }],
  ['orphaned', { lease: lease('session', null), owner: own }],
  ['orphaned', { lease: lease('session'), owner: owner('42/2026-02-02T00:00:00+00') }],
  ['orphaned', { lease: lease('session'), owner: owner('4/') }],
  ['stale', { lease: lease('session') }],
  ['stale', { lease: lease('session'), running: true }],
  ['held', { lease: lease('process'), running: true }],
  ['stale', { lease: lease('process'), running: false }],
  ['unknown', { lease: lease('process') }],
  ['held', { lease: lease('process'), moved: true }],
  ['held', { lease: lease('lease'), running: true }],
  ['stale', { lease: lease('lease'), running: false, moved: true }],
  ['unknown', { lease: lease('lease') }],
  ['unknown', { lease: lease('lease'), connected: false }],
  ['held', { lease: lease('lease'), connected: true }],
  ['held', { lease: lease('lease'), moved: true }],
])('%s: %j', (state, more) => {
  expect(resolveLockState({ ...facts, ...more })).toBe(state);
});

it('a run id tells when its run began', () => {
  const before = Date.now();
  const started = Date.parse(runStartedAt(newRunId())!);
  expect(started >= before && started <= Date.now()).toBe(true);
  expect(runStartedAt('release-42')).toBeUndefined();
});
