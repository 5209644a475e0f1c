import type { Shard } from '../config/config.js';
import { DbpatError } from '../errors.js';
import { readLog } from '../ledger/read.js';
import { ledgerTables } from '../ledger/tables.js';
import { runExitCode } from '../plan/outcome.js';
import type { Request } from '../plan/plan.js';
import { resolveWaves } from '../plan/waves.js';
import { classify } from '../sql/classify.js';
import { eachShard, type RunContext, withSession } from './context.js';
import { shardError } from './failure.js';
import { type ReadyStep, readySteps } from './parts.js';
import {
  errorReport,
  type LogResult,
  type PlannedStepReport,
  type PlanResult,
  type ShardPing,
  type ShardPlanReport,
  type ShardsResult,
} from './results.js';
import { planShard, refuseTwins } from './survey.js';

/** What a request would run, where and in which order. Never writes. @throws DbpatError as a run would */
export async function fleetPlan(
  context: RunContext,
  shards: readonly Shard[],
  request: Request,
  exitCode: boolean,
): Promise<PlanResult> {
  const waves = resolveWaves(shards, context.config.waves);
  const waveOf = new Map(
    waves.flatMap(({ wave, shards: own }) => own.map((shard) => [shard.name, wave.name])),
  );
  const looks = await eachShard(context, shards, async (shard) => {
    const common = {
      shard: shard.name,
      wave: waveOf.get(shard.name)!,
      dialect: shard.dialect.name,
      target: shard.target.display,
    };
    try {
      return await withSession(shard, context.config, 'read', async (session) => {
        const work = await planShard(context, shard, session, request, true);
        const ready = await readySteps(work.steps, shard, session, work.reading.tables, context.parts);
        const report: ShardPlanReport = {
          ...common,
          steps: ready.map((step) => stepReport(step, shard)),
          warnings: work.warnings,
        };
        return { report, twin: { shard, server: session.server } };
      });
    } catch (thrown) {
      const error = shardError(thrown, shard);
      if (error.exitCode === 2 || error.exitCode === 12) throw error;
      return { report: { ...common, steps: [], warnings: [], error: errorReport(error) }, error };
    }
  });
  refuseTwins(looks.flatMap((look) => ('twin' in look && look.twin !== undefined ? [look.twin] : [])));
  const failures = runExitCode(
    looks.map((look) => ({
      outcome: 'error' in look ? 'failed' : 'up-to-date',
      hadWork: false,
      ...('error' in look && look.error !== undefined ? { error: look.error } : {}),
    })),
  );
  const reports = looks.map((look) => look.report);
  const pending = exitCode && reports.some((report) => report.steps.length > 0);
  const code = failures === 0 && pending ? 5 : failures;
  return {
    command: context.command,
    ok: code === 0,
    exitCode: code,
    direction: request.direction,
    waves: waves.map(({ wave, shards: own }) => ({
      name: wave.name,
      shards: own.map((shard) => shard.name),
    })),
    shards: reports,
  };
}

function stepReport(step: ReadyStep, shard: Shard): PlannedStepReport {
  const { version, description, phase, direction, part, row, checksum } = step;
  const done = row?.progress?.direction === direction ? row.progress.done : 0;
  return {
    version,
    description,
    phase,
    direction,
    form: part.form,
    file: part.file,
    checksum,
    transaction: part.transaction && shard.dialect.capabilities.transactionalDdl,
    ...(done > 0 ? { resumesAfter: done } : {}),
    statements:
      part.form === 'module'
        ? null
        : part.statements.map((statement) => ({
            words: classify(statement, shard.dialect.sqlRules).words,
            text: statement.text,
            line: statement.line,
          })),
  };
}

/** The append-only logs of all shards, by time. Never writes. */
export async function fleetLog(
  context: RunContext,
  shards: readonly Shard[],
  runId?: string,
): Promise<LogResult> {
  const logs = await eachShard(context, shards, async (shard) => {
    try {
      return await withSession(shard, context.config, 'read', async (session) => {
        const tables = ledgerTables(shard.dialect, session.server.schema, context.config.table);
        const lines = await readLog(session, shard.dialect, tables, runId);
        return { lines: lines.map((line) => ({ ...line, shard: shard.name })) };
      });
    } catch (thrown) {
      return { lines: [], error: shardError(thrown, shard) };
    }
  });
  const errors = logs.flatMap((log) => ('error' in log && log.error !== undefined ? [log.error] : []));
  const exitCode = runExitCode(errors.map((error) => ({ outcome: 'failed', hadWork: false, error })));
  const lines = logs.flatMap((log) => log.lines);
  lines.sort((a, b) =>
    a.at < b.at ? -1 : a.at > b.at ? 1 : a.shard === b.shard ? a.seq - b.seq : a.shard < b.shard ? -1 : 1,
  );
  return {
    command: context.command,
    ok: exitCode === 0,
    exitCode,
    ...(runId === undefined ? {} : { run: runId }),
    lines,
    errors: errors.map(errorReport),
  };
}

/** Connects to every shard and asks it what it is. Never writes. */
export async function pingFleet(context: RunContext, shards: readonly Shard[]): Promise<ShardsResult> {
  const errors: DbpatError[] = [];
  const pings = await eachShard(context, shards, async (shard): Promise<ShardPing> => {
    const common = {
      shard: shard.name,
      dialect: shard.dialect.name,
      target: shard.target.display,
      group: shard.group ?? null,
      labels: shard.labels,
      protected: shard.protected,
    };
    try {
      return await withSession(shard, context.config, 'read', async (session) => {
        const { server } = session;
        const started = performance.now();
        await session.query({ sql: 'select 1 as one' });
        const latencyMs = Math.round((performance.now() - started) * 10) / 10;
        if (server.absent) {
          throw new DbpatError('unreachable', `${shard.name}: ${shard.target.display} does not exist yet`, {
            hint: 'dbpat migrate up',
          });
        }
        return {
          ...common,
          reachable: true,
          server: server.product,
          schema: server.schema,
          role: server.role,
          latencyMs,
        };
      });
    } catch (thrown) {
      const error = shardError(thrown, shard);
      errors.push(error);
      return {
        ...common,
        reachable: false,
        server: null,
        schema: null,
        role: null,
        latencyMs: null,
        error: errorReport(error),
      };
    }
  });
  const exitCode = runExitCode(errors.map((error) => ({ outcome: 'failed', hadWork: false, error })));
  return { command: context.command, ok: exitCode === 0, exitCode, shards: pings };
}
