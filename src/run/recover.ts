import type { Shard } from '../config/config.js';
import { DriverError, type Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { Phase } from '../events.js';
import { readLog } from '../ledger/read.js';
import type { LedgerTables } from '../ledger/tables.js';
import { phaseRank } from '../migration/phase.js';
import { versionKey } from '../migration/version.js';
import type { Request } from '../plan/plan.js';
import { connectOptions, type RunContext, workTarget } from './context.js';
import { backoff, sleep } from './limits.js';
import type { ReadyStep } from './parts.js';
import type { StepResult } from './results.js';

/** How long a lost connection is tried to be made again before its outcome stays open. */
const resolveWaitMs = 60_000;

/** The connection broke while a step was under way: whether the server has carried it out is not known here. */
export class SessionLost extends Error {
  constructor(
    readonly error: DbpatError,
    readonly sessionId: string,
    /** The step under way and those after it, in order. */
    readonly left: readonly ReadyStep[],
  ) {
    super(error.message, { cause: error });
  }
}

/** Undefined when the server itself has said that it ended the session: then nothing is in doubt. */
export function lossOf(error: DbpatError): DriverError | undefined {
  const { cause } = error;
  if (!(cause instanceof DriverError) || cause.kind !== 'lost') return undefined;
  return /^(57P|25P)/.test(cause.dbCode ?? '') ? undefined : cause;
}

/** A new session to the shard. @throws the loss, when there is none to be had in time */
export async function reconnect(context: RunContext, shard: Shard, loss: SessionLost): Promise<Session> {
  const started = performance.now();
  for (let n = 0; ; n++) {
    try {
      const session = await shard.dialect.connect(
        workTarget(shard),
        connectOptions(shard, context.config, 'write', false),
      );
      // Its transaction is not to be finished by anybody any more; what it has committed stays.
      if (shard.dialect.capabilities.transactionalDdl && !session.server.pooled)
        await session.terminate(loss.sessionId).catch(() => {});
      return session;
    } catch (error) {
      const gone = error instanceof DriverError && ['unreachable', 'lost'].includes(error.kind);
      if (!gone || context.signal.aborted || performance.now() - started > resolveWaitMs)
        throw stillUnknown(shard, loss);
      context.emit({
        type: 'warning',
        shard: shard.name,
        message: `the connection is lost; trying again (${error.message})`,
      });
      await sleep(backoff(n, 200, 5000), context.signal);
    }
  }
}

function stillUnknown(shard: Shard, { error, left }: SessionLost): DbpatError {
  const { version, description, direction } = left[0]!;
  return new DbpatError(
    'unreachable',
    `${error.message}\n  whether ${version} ${description} was committed is not known yet: the server cannot be reached; its ledger will tell`,
    {
      ...error.details,
      shard: shard.name,
      hint: `dbpat migrate ${direction} once the database is back`,
      cause: error,
    },
  );
}

/**
 * What of the lost session's steps the ledger knows as done by this run, and what is left to ask for. To be called with
 * the lock held: taking it has raised the fence, which waits for the old transaction, so that the ledger's answer is final.
 * @throws DbpatError the loss, where the step cannot be repeated
 */
export async function settle(
  context: RunContext,
  shard: Shard,
  session: Session,
  tables: LedgerTables,
  loss: SessionLost,
): Promise<{ readonly done: readonly StepResult[]; readonly request: Request }> {
  const lines = await readLog(session, shard.dialect, tables, context.stamp.runId);
  const recorded = (step: ReadyStep) =>
    lines.some(
      (line) =>
        line.event === (step.direction === 'up' ? 'apply' : 'revert') &&
        line.phase === step.phase &&
        line.version !== null &&
        versionKey(line.version) === versionKey(step.version),
    );
  const done = loss.left.filter(recorded);
  const left = loss.left.filter((step) => !done.includes(step));
  const [first] = loss.left;
  const rolledBack = first?.part.transaction && shard.dialect.capabilities.transactionalDdl;
  // Of a journalled module the plan decides, by what its journal and the catalogue say.
  if (left[0] === first && first?.part.form === 'module' && rolledBack) {
    throw new DbpatError(
      loss.error.code,
      `${loss.error.message}\n  the ledger has no record of it, so the database has rolled it back; code is not called again by itself`,
      { ...loss.error.details, hint: loss.error.hint, cause: loss.error },
    );
  }
  for (const { version, description } of done) {
    context.emit({
      type: 'warning',
      shard: shard.name,
      message: `${version} ${description}: the connection was lost before the answer to its commit came; the ledger shows that it was committed`,
    });
  }
  const only = left.map((step) => step.version);
  const direction = first?.direction ?? 'up';
  return {
    done: done.map(({ version, description, phase, direction: way }) => ({
      version,
      description,
      phase,
      direction: way,
      outcome: 'done',
      durationMs: 0,
    })),
    request:
      direction === 'up'
        ? { direction, only, allowOutOfOrder: true, through: lastPhase(left) }
        : { direction, only, all: true },
  };
}

function lastPhase(steps: readonly ReadyStep[]): Phase {
  return steps.reduce<Phase>((last, { phase }) => (phaseRank(phase) > phaseRank(last) ? phase : last), 'up');
}
