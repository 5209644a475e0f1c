import type { RawConfig } from '../config/raw.js';
import type { Emit, Phase } from '../events.js';
import type { RepairAction } from '../plan/repair.js';
import type {
  EditResult,
  LocksResult,
  LogResult,
  PlanResult,
  ReleaseResult,
  RunResult,
  ShardsResult,
  StatusResult,
  VerifyResult,
} from './results.js';

export interface MigratorOptions {
  /** Path of a config file, or the config itself. Default: the config file in `cwd`, else `env.DATABASE_URL`. */
  readonly config?: string | RawConfig;
  /** Default: the working directory. */
  readonly cwd?: string;
  readonly url?: string;
  readonly environment?: string;
  readonly envFile?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called for names of `envFile` that the environment lacks. */
  readonly setEnv?: (name: string, value: string) => void;
  readonly concurrency?: number;
  readonly perHost?: number;
  readonly lockWaitMs?: number;
  /** Databases that are not up yet are waited for so long. Default: not at all. */
  readonly waitForMs?: number;
  readonly toolVersion?: string;
  readonly emit?: Emit;
  /** Stops at the next safe point. Its reason may be the DbpatError to report. */
  readonly signal?: AbortSignal;
  /** Asks before protected shards are written to. Absent: they are refused without `yes`. */
  readonly confirm?: (question: {
    readonly command: string;
    readonly shards: readonly string[];
  }) => Promise<boolean>;
}

export interface Selection {
  /** `NAME`, `GLOB`, `group:G`, `label:K=V`; none: all. */
  readonly shards?: readonly string[];
}

export interface WriteOptions extends Selection {
  /** Consent for protected shards. */
  readonly yes?: boolean;
  /** A file written by `plan --out`: exactly that is run, or nothing. */
  readonly planFile?: string;
}

export interface UpOptions extends WriteOptions {
  readonly to?: string;
  readonly steps?: number;
  readonly allowOutOfOrder?: boolean;
  /** The last phase of phased migrations that is run. Default `backfill`. */
  readonly through?: Exclude<Phase, 'up'>;
  /** Goes on under the id of an earlier run. */
  readonly resume?: string;
}

export interface DownOptions extends WriteOptions {
  /** This version stays. */
  readonly to?: string;
  /** Default 1. */
  readonly steps?: number;
  readonly all?: boolean;
  readonly run?: string;
  /** Takes a contract that has no down back as if it had one. */
  readonly acceptDataLoss?: boolean;
}

export interface RedoOptions extends WriteOptions {
  /** Default 1. */
  readonly steps?: number;
}

export type PlanOptions = Selection &
  (
    | ({ readonly direction: 'up' } & Pick<UpOptions, 'to' | 'steps' | 'allowOutOfOrder' | 'through'>)
    | ({ readonly direction: 'down' } & Pick<DownOptions, 'to' | 'steps' | 'all' | 'run' | 'acceptDataLoss'>)
  ) & { /** Writes the plan to this file, for `planFile`. */ readonly out?: string };

export interface EditOptions extends Selection {
  /** Consent for protected shards. */
  readonly yes?: boolean;
  /** Says what would be changed and writes nothing. */
  readonly dryRun?: boolean;
}

export interface RepairOptions extends EditOptions {
  readonly action: RepairAction;
  /** `V`, or `V:phase` for `applied` and `reverted`. */
  readonly version: string;
  readonly reason: string;
}

export interface BaselineOptions extends EditOptions {
  readonly version: string;
  readonly reason?: string;
}

export interface ReleaseOptions extends Selection {
  readonly reason: string;
  /** Also from a holder that is alive: ends its session. */
  readonly terminate?: boolean;
  /** Consent for protected shards. */
  readonly yes?: boolean;
}

/** Everything dbpat can do with a fleet. Results carry an exit code; what was wrong before anything ran is thrown. */
export interface Migrator {
  up(options?: UpOptions): Promise<RunResult>;
  down(options?: DownOptions): Promise<RunResult>;
  redo(options?: RedoOptions): Promise<RunResult>;
  status(options?: Selection & { readonly exitCode?: boolean }): Promise<StatusResult>;
  plan(options: PlanOptions & { readonly exitCode?: boolean }): Promise<PlanResult>;
  verify(options?: Selection): Promise<VerifyResult>;
  log(options?: Selection & { readonly run?: string }): Promise<LogResult>;
  shards(options?: Selection): Promise<ShardsResult>;
  repair(options: RepairOptions): Promise<EditResult>;
  /** Marks everything up to a version as applied without running it. */
  baseline(options: BaselineOptions): Promise<EditResult>;
  /** Who holds each shard. */
  locks(options?: Selection): Promise<LocksResult>;
  /** Frees locks whose holder is gone. */
  release(options: ReleaseOptions): Promise<ReleaseResult>;
  /** Writes a new migration into the folder; returns its path relative to the working directory. */
  create(description: string, form: 'sql' | 'ts'): Promise<{ readonly path: string }>;
}
