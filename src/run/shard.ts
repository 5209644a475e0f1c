import type { Shard } from '../config/config.js';
import type { Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { ShardOutcome } from '../events.js';
import { ledgerWriter, type StepRecord } from '../ledger/write.js';
import { compareVersions } from '../migration/version.js';
import type { PlannedStep, Request } from '../plan/plan.js';
import { connectOptions, type RunContext } from './context.js';
import { shardError } from './failure.js';
import { callHook } from './hooks.js';
import { withLock } from './lock.js';
import { type ReadyStep, readySteps } from './parts.js';
import { type Closing, checkSignal, writeClosing } from './record.js';
import { errorReport, type ShardResult, type StepResult } from './results.js';
import { runStep } from './step.js';
import { planShard, type ShardWork } from './survey.js';

export interface ShardJob {
  readonly shard: Shard;
  readonly request: Request;
  /** What the survey saw; read again once the lock is held. */
  readonly work: ShardWork;
  /** Kept open since the survey. */
  readonly session?: Session;
  /** Run exactly these or nothing: the steps of a sealed plan. */
  readonly sealed: boolean;
}

export interface ShardEnding {
  readonly result: ShardResult;
  readonly error?: DbpatError;
}

/** All steps of one shard: lock, read again, run in order, stop at the first failure. Never throws. */
export async function runShard(context: RunContext, job: ShardJob): Promise<ShardEnding> {
  const { shard } = job;
  const started = performance.now();
  const steps: StepResult[] = [];
  context.emit({
    type: 'shard-start',
    shard: shard.name,
    steps: job.work.steps.length,
    target: shard.target.display,
  });
  let error: DbpatError | undefined;
  let warnings = job.work.warnings;
  let session = job.session;
  try {
    session ??= await shard.dialect.connect(shard.target, connectOptions(shard, context.config, 'write'));
    const held = session;
    const { tables, present } = job.work.reading;
    const request = {
      session: held,
      shard,
      tables,
      present,
      config: context.config,
      stamp: context.stamp,
      emit: context.emit,
      signal: context.signal,
    };
    await withLock(request, async (lock) => {
      const work = await planShard(context, shard, held, job.request, true);
      warnings = work.warnings;
      if (job.sealed && !sameSteps(work.steps, job.work.steps)) throw planChanged(shard);
      const ready = await readySteps(work.steps, shard, held, tables, context.parts);
      await runSteps(context, shard, held, work, ready, steps, lock.beat);
    });
  } catch (thrown) {
    error = shardError(thrown, shard);
  } finally {
    await session?.close();
  }
  const durationMs = Math.round(performance.now() - started);
  const outcome = outcomeOf(error, steps, job.request.direction);
  context.emit({
    type: 'shard-end',
    shard: shard.name,
    outcome,
    durationMs,
    ...(error === undefined ? {} : { error }),
  });
  return {
    result: {
      shard: shard.name,
      outcome,
      durationMs,
      steps,
      warnings,
      ...(error === undefined ? {} : { error: errorReport(error) }),
    },
    ...(error === undefined ? {} : { error }),
  };
}

async function runSteps(
  context: RunContext,
  shard: Shard,
  session: Session,
  work: ShardWork,
  ready: readonly ReadyStep[],
  results: StepResult[],
  beat: () => Promise<void>,
): Promise<void> {
  const { emit } = context;
  const writer = ledgerWriter(shard.dialect, work.reading.tables, context.stamp);
  let order = work.reading.rows.reduce((most, row) => Math.max(most, row.appliedOrder), 0);
  let closing: Closing | undefined;
  let beaten = performance.now();
  for (const [index, step] of ready.entries()) {
    const { version, description, phase, direction } = step;
    const named = { version, description, phase, direction };
    const started = performance.now();
    const record: StepRecord = {
      ...named,
      checksum: step.checksum,
      appliedOrder: step.row?.appliedOrder ?? ++order,
      source: step.source,
    };
    const finish = () => {
      const durationMs = Math.round(performance.now() - started);
      results[index] = { ...named, outcome: 'done', durationMs };
      emit({ type: 'step-end', shard: shard.name, step: named, outcome: 'done', durationMs });
    };
    try {
      checkSignal(context);
      const statements = step.part.form === 'sql' ? step.part.statements.length : 0;
      emit({ type: 'step-start', shard: shard.name, step: named, index, of: ready.length, statements });
      await callHook(context, 'beforeStep', { shard: shard.name, ...named });
      const previous = closing;
      closing = undefined;
      const left = await runStep({ context, shard, session, writer, step, record }, previous);
      if (left === undefined) finish();
      else closing = { queries: left.queries, confirm: () => confirmBoth(left, finish) };
      if (context.config.hooks.afterStep !== undefined || index === ready.length - 1) {
        await writeClosing(session, closing);
        closing = undefined;
      }
      await callHook(context, 'afterStep', { shard: shard.name, ...named });
    } catch (thrown) {
      await writeClosing(session, closing).catch(() => {});
      const error = shardError(thrown, shard);
      if (error.exitCode < 128) {
        const durationMs = Math.round(performance.now() - started);
        results[index] = { ...named, outcome: 'failed', durationMs, error: errorReport(error) };
        emit({ type: 'step-end', shard: shard.name, step: named, outcome: 'failed', durationMs, error });
      }
      for (const [i, other] of ready.entries()) results[i] ??= notRun(other);
      throw error;
    }
    if (performance.now() - beaten > 5000) {
      beaten = performance.now();
      await beat();
    }
  }
}

function confirmBoth(left: Closing, finish: () => void): void {
  left.confirm();
  finish();
}

function notRun({ version, description, phase, direction }: ReadyStep): StepResult {
  return { version, description, phase, direction, outcome: 'not-run', durationMs: 0 };
}

export function sameSteps(a: readonly PlannedStep[], b: readonly PlannedStep[]): boolean {
  return (
    a.length === b.length &&
    a.every((step, i) => {
      const other = b[i]!;
      return (
        compareVersions(step.version, other.version) === 0 &&
        step.phase === other.phase &&
        step.direction === other.direction &&
        step.migration?.checksum === other.migration?.checksum
      );
    })
  );
}

export function planChanged(shard: Shard): DbpatError {
  return new DbpatError(
    'plan_changed',
    `${shard.name}: what would run is not what the plan says; nothing ran there`,
    {
      shard: shard.name,
      hint: 'dbpat migrate plan --out FILE, look at it again, then run it',
    },
  );
}

const blocked = new Set([
  'lock_timeout',
  'plan_changed',
  'protected',
  'irreversible',
  'unfinished',
  'read_only',
  'not_allowed',
]);

/** How a shard with this error ended, after these steps. Pure. */
export function outcomeOf(
  error: DbpatError | undefined,
  steps: readonly StepResult[],
  direction: Request['direction'],
): ShardOutcome {
  if (error === undefined) {
    if (steps.length === 0) return 'up-to-date';
    return direction === 'up' ? 'applied' : 'reverted';
  }
  if (error.exitCode > 128) return 'interrupted';
  if (steps.some((step) => step.outcome === 'failed')) return 'failed';
  if (error.code === 'unreachable') return 'unreachable';
  return error.code.startsWith('history_') || blocked.has(error.code) ? 'blocked' : 'failed';
}
