import { relative, resolve } from 'node:path';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { parseConfig } from '../config/parse.js';
import { selectShards } from '../config/select.js';
import { dialects } from '../dialects/index.js';
import type { ReachOptions } from '../dialects/reach.js';
import type { Emit } from '../events.js';
import { createMigration } from '../migration/create.js';
import { loadMigrations } from '../migration/discover.js';
import type { Migration } from '../migration/migration.js';
import type { Request } from '../plan/plan.js';
import { planBaseline } from './baseline.js';
import type { RunContext } from './context.js';
import { editFinder } from './edits.js';
import { type FleetRequest, runFleet } from './fleet.js';
import { actor } from './holder.js';
import { editLedgers } from './ledger-edit.js';
import { releaseLocks, showLocks } from './locks.js';
import type {
  EditOptions,
  Migrator,
  MigratorOptions,
  PlanOptions,
  Selection,
  WriteOptions,
} from './migrator.js';
import { partStore } from './parts.js';
import { plainSteps } from './plain-events.js';
import { readPlan, writePlan } from './plan-file.js';
import { mergeRedo, redoRequest } from './redo.js';
import { planRepair } from './repair.js';
import { fleetLog, fleetPlan, pingFleet } from './reports.js';
import { newRunId } from './run-id.js';
import { fleetStatus } from './status.js';
import { verifyFleet } from './verify.js';
import { requireShards, waitForShards } from './wait.js';

/**
 * Loads the config, once; contacts nothing yet.
 * @throws DbpatError `config_invalid` with every fault, `shards_duplicate`, `tls_required`
 */
export async function createMigrator(options: MigratorOptions = {}): Promise<Migrator> {
  const emit: Emit = plainSteps(options.emit ?? (() => {}));
  const signal = options.signal ?? new AbortController().signal;
  const waitMs = options.waitForMs ?? 0;
  const reach: ReachOptions = {
    waitMs,
    signal,
    onWait: (reason, waitedMs) => emit({ type: 'wait', reason, waitedMs }),
  };
  const config = withOverrides(await configOf(options, reach), options);
  const folder = (): readonly Migration[] =>
    loadMigrations(config.migrations, { root: config.root, dialects });
  const context = (command: string, runId = newRunId(), migrations = folder()): RunContext => ({
    command,
    config,
    migrations,
    parts: partStore(config.root),
    edits: editFinder(),
    stamp: { runId, actor: actor(), toolVersion: options.toolVersion ?? 'unknown' },
    emit,
    signal,
    ...(options.env === undefined ? {} : { env: options.env as Record<string, string | undefined> }),
  });
  const selected = (selection: Selection | undefined) => selectShards(config.shards, selection?.shards ?? []);
  /** A report tells of shards that have not come up; a command that writes needs them all. */
  const reached = async (
    selection: Selection | undefined,
    wait: typeof requireShards | typeof waitForShards = waitForShards,
  ) => {
    const shards = selected(selection);
    if (waitMs > 0) await wait({ config, waitMs, emit, signal }, shards);
    return shards;
  };
  const fleet = async (
    write: WriteOptions | undefined,
    requestFor: FleetRequest['requestFor'],
  ): Promise<FleetRequest> => {
    const sealed =
      write?.planFile === undefined
        ? undefined
        : readPlan(resolve(options.cwd ?? process.cwd(), write.planFile));
    return {
      shards: await reached(write, requireShards),
      requestFor,
      yes: write?.yes ?? false,
      confirm: options.confirm,
      ...(sealed === undefined ? {} : { sealed }),
    };
  };
  const edit = async (write: EditOptions) => ({
    shards: await reached(write, requireShards),
    named: (write.shards ?? []).length > 0 || config.shards.length === 1,
    dryRun: write.dryRun ?? false,
    yes: write.yes ?? false,
    confirm: options.confirm,
  });

  return {
    up: async (up) => {
      const request = requestOf({ ...up, direction: 'up' }, config);
      return runFleet(context('migrate up', up?.resume), await fleet(up, () => request));
    },
    down: async (down) => {
      const request = requestOf({ ...down, direction: 'down' }, config);
      return runFleet(context('migrate down'), await fleet(down, () => request));
    },
    redo: async (redo) => {
      const shared = context('migrate redo');
      const down = await runFleet(
        shared,
        await fleet(redo, () => ({ direction: 'down', steps: redo?.steps ?? 1 })),
      );
      const up = await runFleet(
        shared,
        await fleet({ ...redo, yes: true }, (shard) => redoRequest(down, shard)),
      );
      return mergeRedo(down, up);
    },
    status: async (status) =>
      fleetStatus(context('migrate status'), await reached(status), status?.exitCode ?? false),
    plan: async (plan) => {
      const result = await fleetPlan(
        context('migrate plan'),
        await reached(plan),
        requestOf(plan, config),
        plan.exitCode ?? false,
      );
      if (plan.out !== undefined && (result.exitCode === 0 || result.exitCode === 5)) {
        writePlan(resolve(options.cwd ?? process.cwd(), plan.out), result);
      }
      return result;
    },
    verify: async (selection) => verifyFleet(context('migrate verify'), await reached(selection)),
    log: async (log) => fleetLog(context('migrate log', undefined, []), await reached(log), log?.run),
    shards: async (selection) => pingFleet(context('shards', undefined, []), await reached(selection)),
    repair: async (repair) => {
      const shared = context('migrate repair');
      const again = (at: string) =>
        `dbpat migrate repair --${repair.action} ${repair.version}${at} --reason ${quoted(repair.reason)}`;
      const plan = planRepair(shared, repair);
      return editLedgers(shared, { ...(await edit(repair)), plan, again });
    },
    baseline: async (baseline) => {
      const shared = context('migrate baseline');
      const again = (at: string) => `dbpat migrate baseline ${baseline.version}${at}`;
      const plan = planBaseline(shared, baseline);
      return editLedgers(shared, { ...(await edit(baseline)), plan, again });
    },
    locks: async (selection) => showLocks(context('lock show', undefined, []), await reached(selection)),
    release: async (release) =>
      releaseLocks(context('lock release', undefined, []), {
        shards: await reached(release, requireShards),
        reason: release.reason,
        terminate: release.terminate ?? false,
        yes: release.yes ?? false,
        confirm: options.confirm,
      }),
    create: async (description, form) => {
      const path = createMigration(config.migrations, description, form, {
        now: new Date(),
        existing: folder(),
        dialects,
      });
      return { path: relative(options.cwd ?? process.cwd(), path) };
    },
  };
}

async function configOf(options: MigratorOptions, reach: ReachOptions): Promise<Config> {
  const cwd = options.cwd ?? process.cwd();
  const env = options.env ?? {};
  if (options.config !== undefined && typeof options.config !== 'string') {
    return parseConfig(options.config, {
      root: cwd,
      env,
      dialects,
      reach,
      ...(options.environment === undefined ? {} : { environment: options.environment }),
    });
  }
  return loadConfig({
    cwd,
    env,
    dialects,
    reach,
    ...(options.config === undefined ? {} : { file: options.config }),
    ...(options.url === undefined ? {} : { url: options.url }),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    ...(options.envFile === undefined ? {} : { envFile: options.envFile }),
    ...(options.setEnv === undefined ? {} : { setEnv: options.setEnv }),
  });
}

function withOverrides(config: Config, options: MigratorOptions): Config {
  return {
    ...config,
    concurrency: options.concurrency ?? config.concurrency,
    perHost: options.perHost ?? config.perHost,
    lock: { ...config.lock, waitMs: options.lockWaitMs ?? config.lock.waitMs },
  };
}

function requestOf(options: PlanOptions, config: Config): Request {
  if (options.direction === 'down') {
    const { direction, to, steps, all, run, acceptDataLoss } = options;
    return {
      direction,
      ...(to === undefined ? {} : { to }),
      ...(steps === undefined ? {} : { steps }),
      ...(all === undefined ? {} : { all }),
      ...(run === undefined ? {} : { run }),
      ...(acceptDataLoss === undefined ? {} : { acceptDataLoss }),
    };
  }
  const { direction, to, steps, through, allowOutOfOrder } = options;
  return {
    direction,
    ...(to === undefined ? {} : { to }),
    ...(steps === undefined ? {} : { steps }),
    ...(through === undefined ? {} : { through }),
    allowOutOfOrder: allowOutOfOrder ?? config.outOfOrder === 'allow',
  };
}

/** As a word of a POSIX shell. */
function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
