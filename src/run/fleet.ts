import type { Shard } from '../config/config.js';
import type { ServerInfo, Session } from '../dialects/dialect.js';
import type { DbpatError } from '../errors.js';
import { runExitCode } from '../plan/outcome.js';
import type { Request } from '../plan/plan.js';
import { resolveWaves } from '../plan/waves.js';
import { askConsent, type Consent } from './consent.js';
import { connectOptions, type RunContext, workTarget } from './context.js';
import { shardError } from './failure.js';
import { callHook } from './hooks.js';
import { eachLimited } from './limits.js';
import { readySteps } from './parts.js';
import { checkSealed, type SealedPlan } from './plan-file.js';
import { errorReport, type RunResult, type ShardResult } from './results.js';
import { outcomeOf, runShard, type ShardEnding } from './shard.js';
import { planShard, refuseTwins, type ShardWork } from './survey.js';

export interface FleetRequest extends Consent {
  /** The selected shards, in the order of the config. */
  readonly shards: readonly Shard[];
  /** What is asked of a shard; the same for all, or from what an earlier part of the command did there. */
  requestFor(shard: Shard): Request;
  readonly sealed?: SealedPlan;
}

interface Surveyed {
  readonly shard: Shard;
  readonly work?: ShardWork;
  readonly server?: ServerInfo;
  readonly session?: Session;
  readonly error?: DbpatError;
  /** Wrong for the whole run: nothing may run anywhere. */
  readonly fatal?: DbpatError;
}

/**
 * Runs a request on every shard that has work for it. First all shards are read and their work is made ready, so that
 * wrong files or a missing consent stop everything before anything has run; then the waves run in order.
 * @throws DbpatError what was wrong before anything ran
 */
export async function runFleet(context: RunContext, fleet: FleetRequest): Promise<RunResult> {
  const started = performance.now();
  const { emit, stamp, command } = context;
  emit({ type: 'run-start', runId: stamp.runId, command, shards: fleet.shards.map((shard) => shard.name) });
  const surveyed = await survey(context, fleet);
  const endings = new Map<string, ShardEnding>();
  try {
    refuseTwins(surveyed.flatMap(({ shard, server }) => (server === undefined ? [] : [{ shard, server }])));
    const fatal = surveyed.find((entry) => entry.fatal !== undefined)?.fatal;
    if (fatal !== undefined) throw fatal;
    for (const entry of surveyed) {
      if (entry.work === undefined || !hasWork(entry.work))
        endings.set(entry.shard.name, withoutWork(context, fleet, entry));
    }
    const busy = surveyed.filter((entry) => !endings.has(entry.shard.name));
    if (busy.length > 0) {
      const wary = busy.filter(({ shard }) => shard.protected).map(({ shard }) => shard.name);
      await askConsent(context.command, wary, fleet);
      await callHook(context, 'beforeRun', { shards: busy.map((entry) => entry.shard.name) });
      await runWaves(context, fleet, busy, endings);
      await callHook(context, 'afterRun', { results: [...endings.values()].map((ending) => ending.result) });
    }
  } finally {
    await Promise.all(
      surveyed.map((entry) => (endings.has(entry.shard.name) ? undefined : entry.session?.close())),
    );
  }
  return resultOf(context, fleet, endings, performance.now() - started);
}

/** Reads every shard. Sessions of shards with work stay open as far as the limits allow. */
async function survey(context: RunContext, fleet: FleetRequest): Promise<readonly Surveyed[]> {
  const { config } = context;
  const kept = new Map<string, number>();
  let keptInAll = 0;
  const limits = {
    total: config.concurrency,
    perKey: config.perHost,
    keyOf: (shard: Shard) => shard.target.server,
  };
  const look = async (shard: Shard): Promise<Surveyed> => {
    let session: Session | undefined;
    try {
      session = await shard.dialect.connect(workTarget(shard), connectOptions(shard, config, 'write', false));
      const work = await planShard(context, shard, session, fleet.requestFor(shard), false);
      const { server } = session;
      try {
        await readySteps(work.steps, shard, session, work.reading.tables, context.parts);
      } catch (error) {
        return { shard, server, fatal: shardError(error, shard) };
      }
      if (fleet.sealed !== undefined) checkSealed(fleet.sealed, shard, work.steps);
      const here = kept.get(server.server) ?? 0;
      const full = keptInAll >= config.concurrency || here >= config.perHost;
      if (!hasWork(work) || full || server.absent) return { shard, server, work };
      kept.set(server.server, here + 1);
      keptInAll++;
      const open = session;
      session = undefined;
      return { shard, server, work, session: open };
    } catch (error) {
      const fault = shardError(error, shard);
      return fault.exitCode === 2 || fault.code === 'tls_required'
        ? { shard, fatal: fault }
        : { shard, error: fault };
    } finally {
      await session?.close();
    }
  };
  return eachLimited(fleet.shards, limits, look);
}

function hasWork(work: ShardWork): boolean {
  return work.steps.length > 0 || work.undecided !== undefined;
}

function withoutWork(context: RunContext, fleet: FleetRequest, entry: Surveyed): ShardEnding {
  const { shard, error, work } = entry;
  const outcome = outcomeOf(error, [], fleet.requestFor(shard).direction);
  context.emit({
    type: 'shard-end',
    shard: shard.name,
    outcome,
    durationMs: 0,
    ...(error === undefined ? {} : { error }),
  });
  const result: ShardResult = {
    shard: shard.name,
    outcome,
    durationMs: 0,
    steps: [],
    warnings: work?.warnings ?? [],
    ...(error === undefined ? {} : { error: errorReport(error) }),
  };
  return { result, ...(error === undefined ? {} : { error }) };
}

async function runWaves(
  context: RunContext,
  fleet: FleetRequest,
  busy: readonly Surveyed[],
  endings: Map<string, ShardEnding>,
): Promise<void> {
  const { config } = context;
  const byName = new Map(busy.map((entry) => [entry.shard.name, entry]));
  let stopped = false;
  for (const { wave, shards } of resolveWaves(
    busy.map((entry) => entry.shard),
    config.waves,
  )) {
    const entries = shards.map((shard) => byName.get(shard.name)!);
    if (stopped) {
      for (const { shard, work, session } of entries) {
        await session?.close();
        endings.set(shard.name, {
          result: {
            shard: shard.name,
            outcome: 'skipped',
            durationMs: 0,
            steps: [],
            warnings: work!.warnings,
          },
        });
      }
      continue;
    }
    const limits = {
      total: Math.min(config.concurrency, wave.concurrency ?? config.concurrency),
      perKey: config.perHost,
      keyOf: (entry: Surveyed) => entry.server!.server,
    };
    await eachLimited(entries, limits, async ({ shard, work, session }) => {
      const job = {
        shard,
        request: fleet.requestFor(shard),
        work: work!,
        sealed: fleet.sealed !== undefined,
      };
      endings.set(shard.name, await runShard(context, session === undefined ? job : { ...job, session }));
    });
    stopped =
      wave.onFailure === 'stop' &&
      entries.some((entry) => endings.get(entry.shard.name)?.error !== undefined);
  }
}

function resultOf(
  context: RunContext,
  fleet: FleetRequest,
  endings: ReadonlyMap<string, ShardEnding>,
  durationMs: number,
): RunResult {
  const { command, stamp, emit } = context;
  const ordered = fleet.shards.map((shard) => endings.get(shard.name)!);
  const exitCode = runExitCode(
    ordered.map(({ result, error }) => ({
      outcome: result.outcome,
      hadWork: result.steps.length > 0 || result.outcome === 'skipped',
      ...(error === undefined ? {} : { error }),
    })),
  );
  emit({ type: 'run-end', runId: stamp.runId, exitCode, durationMs: Math.round(durationMs) });
  const undone = exitCode !== 0 && command === 'migrate up';
  return {
    command,
    ok: exitCode === 0,
    exitCode,
    runId: stamp.runId,
    durationMs: Math.round(durationMs),
    shards: ordered.map((ending) => ending.result),
    ...(undone ? { resume: `dbpat migrate up --resume ${stamp.runId}` } : {}),
  };
}
