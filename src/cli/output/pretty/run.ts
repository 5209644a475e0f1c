import type { RunResult, StepResult } from '../../../run/results.js';
import { formatDuration } from '../duration.js';
import { type Page, page, type View } from '../page.js';
import { counted } from '../text.js';
import { errorList, warningLines } from './error.js';

/** How a run ended: errors and what to do about them on stderr, one line of sum on stdout. */
export function renderRun(result: RunResult, view: View): Page {
  const errors = result.shards.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const stderr = [
    ...(view.quiet ? [] : warningLines(result.shards, view.err)),
    ...errorList(errors, view.err, view.verbose),
    ...splitLines(result, view),
  ];
  return page(view.quiet ? [] : [summary(result, view)], stderr);
}

function splitLines(result: RunResult, { err }: View): readonly string[] {
  if (result.exitCode !== 4) return [];
  const finished = result.shards.filter(({ outcome }) => outcome === 'applied' || outcome === 'reverted');
  const left = result.shards.filter(
    ({ outcome }) => !['applied', 'reverted', 'up-to-date'].includes(outcome),
  );
  return [
    `${err.red('the fleet is split:')} ${names(finished)} finished, ${names(left)} did not (run ${result.runId})`,
    ...(result.resume === undefined ? [] : [`  ${err.cyan('next:')} ${result.resume}`]),
  ];
}

function names(shards: readonly { readonly shard: string }[]): string {
  if (shards.length > 5) return counted(shards.length, 'shard');
  return shards.map(({ shard }) => shard).join(', ');
}

function summary(result: RunResult, { out }: View): string {
  const { shards, ok } = result;
  const steps = shards.flatMap((shard) => shard.steps);
  const tail = ` in ${formatDuration(result.durationMs)} (run ${result.runId})`;
  if (ok && steps.length === 0) {
    const where = shards.length === 1 ? '' : `${counted(shards.length, 'shard')} `;
    return result.command === 'migrate up' ? `${where}up to date` : `${where}nothing to revert`;
  }
  const paint = ok ? out.green : out.red;
  if (shards.length === 1) return `${paint(stepCounts(steps, shards[0]!.outcome))}${tail}`;
  const counts = new Map<string, number>();
  for (const { outcome } of shards) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const outcomes = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  const done = steps.filter(({ outcome }) => outcome === 'done').length;
  return `${paint(`${counted(shards.length, 'shard')}: ${outcomes}`)}; ${counted(done, 'step')}${tail}`;
}

function stepCounts(steps: readonly StepResult[], outcome: string): string {
  const count = (test: (step: StepResult) => boolean) => steps.filter(test).length;
  const parts = [
    { count: count((step) => step.outcome === 'done' && step.direction === 'down'), word: 'reverted' },
    { count: count((step) => step.outcome === 'done' && step.direction === 'up'), word: 'applied' },
    { count: count((step) => step.outcome === 'failed'), word: 'failed' },
    { count: count((step) => step.outcome === 'not-run'), word: 'not run' },
  ].filter((part) => part.count > 0);
  if (parts.length === 0) return outcome;
  const [first, ...rest] = parts;
  return [
    `${counted(first!.count, 'migration')} ${first!.word}`,
    ...rest.map((p) => `${p.count} ${p.word}`),
  ].join(', ');
}
