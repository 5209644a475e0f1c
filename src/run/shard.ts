import type { Shard } from '../config/config.js';
import type { Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { ShardOutcome } from '../events.js';
import { failpoint } from '../failpoint.js';
import { ledgerWriter, type StepRecord } from '../ledger/write.js';
import { compareVersions } from '../migration/version.js';
import type { PlannedStep, Request } from '../plan/plan.js';
import { connectOptions, type RunContext, workTarget } from './context.js';
import { shardError } from './failure.js';
import { callHook } from './hooks.js';
import { withLock } from './lock.js';
import { type ReadyStep, readySteps } from './parts.js';
import { type Closing, checkSignal, writeClosing } from './record.js';
import { lossOf, reconnect, SessionLost, settle } from './recover.js';
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

/** A session that is lost so often in one shard's run is not made again. */
const mostLosses = 3;

/** All steps of one shard: lock, read again, run in order, stop at the first failure. Never throws. */
export async function runShard(context: RunContext, job: ShardJob): Promise<ShardEnding> {
  const { shard } = job;
  const started = performance.now();
  const ran: Ran = { steps: [], warnings: job.work.warnings, lost: false };
  context.emit({
    type: 'shard-start',
    shard: shard.name,
    steps: job.work.steps.length,
    target: shard.target.display,
  });
  let error: DbpatError | undefined;
  try {
    await runOverLosses(context, job, ran);
  } catch (thrown) {
    error = shardError(thrown, shard);
    // The first of what a loss has left open is what failed.
    const open = ran.lost ? job.work.steps.slice(ran.steps.length) : [];
    for (const [i, step] of open.entries()) ran.steps.push(i === 0 ? failed(step, error) : notRun(step));
  }
  const { steps, warnings } = ran;
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

interface Ran {
  /** In the order in which they ran; a loss leaves those that are done. */
  readonly steps: StepResult[];
  warnings: readonly string[];
  /** The connection was lost. */
  lost: boolean;
}

/** Runs the steps; where the connection is lost, the ledger says on a new session what was done, and the rest goes on. */
async function runOverLosses(context: RunContext, job: ShardJob, ran: Ran): Promise<void> {
  const { shard } = job;
  let { session } = job;
  let loss: SessionLost | undefined;
  for (let losses = 0; ; losses++) {
    try {
      session ??= await shard.dialect.connect(
        workTarget(shard),
        connectOptions(shard, context.config, 'write'),
      );
      await runLocked(context, job, ran, session, loss);
      return;
    } catch (thrown) {
      if (!(thrown instanceof SessionLost)) throw thrown;
      ran.lost = true;
      if (losses >= mostLosses || context.signal.aborted) throw thrown.error;
      loss = thrown;
    } finally {
      await session?.close();
    }
    session = await reconnect(context, shard, loss);
  }
}

async function runLocked(
  context: RunContext,
  job: ShardJob,
  ran: Ran,
  session: Session,
  loss: SessionLost | undefined,
): Promise<void> {
  const { shard } = job;
  const { config, stamp, emit, signal } = context;
  const { tables } = job.work.reading;
  const present = job.work.reading.present || loss !== undefined;
  await withLock({ session, shard, tables, present, config, stamp, emit, signal }, async (lock) => {
    let { request } = job;
    if (loss !== undefined) {
      const settled = await settle(context, shard, session, tables, loss);
      ran.steps.push(...settled.done);
      request = settled.request;
    }
    const work = await planShard(context, shard, session, request, true);
    ran.warnings = work.warnings;
    if (job.sealed && loss === undefined && !sameSteps(work.steps, job.work.steps)) throw planChanged(shard);
    const ready = await readySteps(work.steps, shard, session, tables, context.parts);
    await failpoint('shard.ready');
    await runSteps(context, shard, session, work, ready, ran.steps, lock.beat);
  });
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
  const before = results.length;
  for (const [index, step] of ready.entries()) {
    const { version, description, phase, direction } = step;
    const named = { version, description, phase, direction };
    const started = performance.now();
    const record: StepRecord = {
      ...named,
      checksum: step.checksum,
      appliedOrder: step.row?.appliedOrder ?? ++order,
      source: step.source,
      ...(phase === 'up' ? {} : { phased: step.shape }),
    };
    const finish = () => {
      const durationMs = Math.round(performance.now() - started);
      results[before + index] = { ...named, outcome: 'done', durationMs };
      emit({ type: 'step-end', shard: shard.name, step: named, outcome: 'done', durationMs });
    };
    try {
      checkSignal(context);
      await beat();
      const statements = step.part.form === 'sql' ? step.part.statements.length : null;
      emit({ type: 'step-start', shard: shard.name, step: named, index, of: ready.length, statements });
      await callHook(context, 'beforeStep', { shard: shard.name, ...named });
      const previous = closing;
      closing = undefined;
      await failpoint('step.begin');
      const left = await runStep({ context, shard, session, writer, step, record }, previous);
      await failpoint('step.end');
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
      if (lossOf(error) !== undefined) {
        let from = 0;
        while (results[before + from] !== undefined) from++;
        results.length = before + from;
        throw new SessionLost(error, session.server.sessionId, ready.slice(from));
      }
      if (error.exitCode < 128) {
        const durationMs = Math.round(performance.now() - started);
        results[before + index] = { ...named, outcome: 'failed', durationMs, error: errorReport(error) };
        emit({ type: 'step-end', shard: shard.name, step: named, outcome: 'failed', durationMs, error });
      }
      for (const [i, other] of ready.entries()) results[before + i] ??= notRun(other);
      throw error;
    }
  }
}

function confirmBoth(left: Closing, finish: () => void): void {
  left.confirm();
  finish();
}

function failed(step: PlannedStep, error: DbpatError): StepResult {
  return { ...notRun(step), outcome: 'failed', error: errorReport(error) };
}

function notRun({ version, description, phase, direction }: PlannedStep): StepResult {
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
