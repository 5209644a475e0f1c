import type { LockReport, LocksResult, ReleaseResult } from '../../../run/results.js';
import { formatDuration } from '../duration.js';
import { type Page, page, type View } from '../page.js';
import { counted, formatTime } from '../text.js';
import { errorList } from './error.js';

/** Who holds each shard, a line each. */
export function renderLocks({ shards }: LocksResult, view: View): Page {
  const errors = shards.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const seen = shards.flatMap(({ shard, lock }) => (lock === null ? [] : [{ shard, lock }]));
  const lines = seen.map(({ shard, lock }) => {
    const text = lockLine(lock, view);
    return shard === 'default' ? text : `${view.out.bold(shard)}  ${text}`;
  });
  const states = new Map<string, number>();
  for (const { lock } of seen) states.set(lock.state, (states.get(lock.state) ?? 0) + 1);
  const counts = [...states].map(([state, count]) => `${count} ${state}`).join(', ');
  const sum = shards.length > 1 && seen.length > 0 ? [`${counted(seen.length, 'shard')}: ${counts}`] : [];
  return page([...lines, ...sum], errorList(errors, view.err, view.verbose));
}

function lockLine(lock: LockReport, { out }: View): string {
  if (lock.state === 'free') return out.dim('free');
  const word = lock.state === 'held' ? `${out.green('held')} by` : `${out.yellow(lock.state)}:`;
  const who =
    lock.holder === null
      ? 'a session that no run has claimed'
      : `${lock.holder} (pid ${lock.pid} on ${lock.host}, run ${lock.runId})`;
  return [
    `${word} ${who}${lock.since === null ? '' : ` since ${formatTime(lock.since)}`}`,
    ...(lock.processRuns === false ? ['its process is gone'] : []),
    ...sessionText(lock),
    ...meanings[lock.state],
  ].join('; ');
}

function sessionText({ session }: LockReport): readonly string[] {
  if (session === null) return [];
  const by = session.user === null ? '' : ` of ${session.user}`;
  const from = session.client === null ? '' : ` from ${session.client}`;
  const doing =
    session.state === null || session.stateSeconds === null
      ? ''
      : `, ${session.state} for ${formatDuration(session.stateSeconds * 1000)}`;
  return [`session ${session.id}${by}${from}${doing}`];
}

const meanings: Readonly<Record<LockReport['state'], readonly string[]>> = {
  free: [],
  held: [],
  stale: ['the next run takes it over by itself'],
  orphaned: ['dbpat lock release --terminate ends it'],
  unknown: ['it does not move; the next run takes it over when that stays so'],
};

/** What was freed, a line a shard. */
export function renderRelease({ shards, runId }: ReleaseResult, view: View): Page {
  const errors = shards.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const lines = shards.flatMap(({ shard, outcome, terminated, lock }) => {
    if (outcome !== 'released') return [];
    const from = lock?.holder ? ` from ${lock.holder} (pid ${lock.pid} on ${lock.host})` : '';
    const ended = terminated === null ? '' : `; its session ${terminated} was ended`;
    return [`${shard === 'default' ? '' : `${shard}: `}released${from}${ended}`];
  });
  const released = lines.length;
  const sum =
    released === 0
      ? 'nothing was held'
      : `${view.out.green(`${counted(released, 'lock')} released`)} (run ${runId})`;
  return page(
    released > 0 || errors.length === 0 ? [...lines, sum] : [],
    errorList(errors, view.err, view.verbose),
  );
}
