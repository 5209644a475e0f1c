import type { OtherSession } from '../dialects/inspector.js';
import type { DbpatError, Fault } from '../errors.js';
import type { Direction, Phase, ShardOutcome, StepOutcome } from '../events.js';
import type { LedgerStatus, LogLine } from '../ledger/read.js';
import type { MigrationState } from '../plan/status.js';
import type { LockState } from './lock-state.js';

/** An error as data: what `--json` shows and what the ledger's log keeps. Absent fields are not there. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly shard?: string;
  readonly version?: string;
  readonly phase?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly statement?: string;
  readonly dbCode?: string;
  readonly diff?: string;
  readonly faults?: readonly Fault[];
}

export function errorReport(error: DbpatError): ErrorReport {
  const all = { code: error.code, message: error.message, hint: error.hint, ...error.details };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined),
  ) as unknown as ErrorReport;
}

/** Common to every answer. `exitCode` is that of SPEC section 5. */
export interface Result {
  /** As typed: `migrate up`. */
  readonly command: string;
  readonly ok: boolean;
  readonly exitCode: number;
}

export interface StepResult {
  readonly version: string;
  readonly description: string;
  readonly phase: Phase;
  readonly direction: Direction;
  readonly outcome: StepOutcome;
  readonly durationMs: number;
  readonly error?: ErrorReport;
}

export interface ShardResult {
  readonly shard: string;
  readonly outcome: ShardOutcome;
  readonly durationMs: number;
  readonly steps: readonly StepResult[];
  readonly warnings: readonly string[];
  readonly error?: ErrorReport;
}

export interface RunResult extends Result {
  readonly runId: string;
  readonly durationMs: number;
  /** In the order of the config. */
  readonly shards: readonly ShardResult[];
  /** The command that goes on with this run; only when something was left undone. */
  readonly resume?: string;
}

export interface PhaseReport {
  readonly phase: Phase;
  readonly status: LedgerStatus | 'pending';
  readonly checksum: string | null;
  readonly appliedAt: string | null;
  readonly durationMs: number | null;
  readonly runId: string | null;
  readonly appliedBy: string | null;
  readonly progress?: unknown;
}

export interface MigrationReport {
  readonly version: string;
  readonly description: string;
  readonly kind: 'plain' | 'phased';
  readonly state: MigrationState;
  readonly phases: readonly PhaseReport[];
  /** Edited since it was applied, in comments or layout only. */
  readonly cosmetic?: true;
  /** Missing, but newer than every file. */
  readonly ahead?: true;
  /** For `changed`: unified diff from the applied text to the file, where the ledger holds the text. */
  readonly diff?: string;
}

export interface ShardStatus {
  readonly shard: string;
  readonly dialect: string;
  /** Without a password. */
  readonly target: string;
  readonly reachable: boolean;
  readonly applied: number;
  readonly pending: number;
  /** Newest applied version; null when nothing is applied. */
  readonly current: string | null;
  readonly warnings: readonly string[];
  readonly error?: ErrorReport;
  readonly migrations: readonly MigrationReport[];
}

export interface StatusResult extends Result {
  readonly shards: readonly ShardStatus[];
  readonly summary: {
    readonly shards: number;
    readonly upToDate: number;
    readonly behind: number;
    readonly conflicts: number;
    readonly unreachable: number;
  };
}

export interface PlannedStatement {
  readonly words: string;
  /** The text to be sent. Absent for a module, whose statements are known only when it runs. */
  readonly text: string;
  readonly line: number;
}

export interface PlannedStepReport {
  readonly version: string;
  readonly description: string;
  readonly phase: Phase;
  readonly direction: Direction;
  readonly form: 'sql' | 'module';
  readonly file: string;
  readonly checksum: string;
  /** Runs and is recorded in one transaction; otherwise statement by statement, through the journal. */
  readonly transaction: boolean;
  /** Goes on after so many statements that are done already. */
  readonly resumesAfter?: number;
  /** Null for a module. Empty: nothing to run, only recorded. */
  readonly statements: readonly PlannedStatement[] | null;
}

export interface ShardPlanReport {
  readonly shard: string;
  readonly wave: string;
  readonly dialect: string;
  readonly target: string;
  readonly steps: readonly PlannedStepReport[];
  readonly warnings: readonly string[];
  readonly error?: ErrorReport;
}

export interface PlanResult extends Result {
  readonly direction: Direction;
  /** In the order in which they would run. */
  readonly waves: readonly { readonly name: string; readonly shards: readonly string[] }[];
  readonly shards: readonly ShardPlanReport[];
}

export interface VerifyProblem {
  readonly code: string;
  readonly version: string;
  readonly message: string;
  readonly hint?: string;
  readonly diff?: string;
}

export interface VerifyResult extends Result {
  readonly shards: readonly {
    readonly shard: string;
    readonly applied: number;
    readonly ok: boolean;
    readonly problems: readonly VerifyProblem[];
    readonly warnings: readonly string[];
    readonly error?: ErrorReport;
  }[];
  /** What some shards have and others have not, or have differently. */
  readonly differences: readonly {
    readonly version: string;
    readonly message: string;
    readonly shards: readonly string[];
  }[];
}

export interface LogResult extends Result {
  /** Only this run was asked for. */
  readonly run?: string;
  /** All shards, by time. */
  readonly lines: readonly (LogLine & { readonly shard: string })[];
  readonly errors: readonly ErrorReport[];
}

export interface ShardPing {
  readonly shard: string;
  readonly dialect: string;
  readonly target: string;
  readonly group: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly protected: boolean;
  readonly reachable: boolean;
  /** `PostgreSQL 15.18`. */
  readonly server: string | null;
  readonly schema: string | null;
  readonly role: 'primary' | 'replica' | 'read-only' | null;
  /** One question on an open session. */
  readonly latencyMs: number | null;
  readonly error?: ErrorReport;
}

export interface ShardsResult extends Result {
  readonly shards: readonly ShardPing[];
}

/** One row of a ledger that says something else now. */
export interface LedgerChange {
  readonly version: string;
  readonly description: string;
  readonly phase: Phase;
  readonly change: 'accepted' | 'applied' | 'reverted' | 'resumed' | 'baselined';
  /** As a clause, for people. */
  readonly what: string;
}

/** Of commands that correct the record and touch nothing else. */
export interface EditResult extends Result {
  readonly runId: string;
  /** Nothing was written: this is what would be. */
  readonly dryRun: boolean;
  readonly shards: readonly {
    readonly shard: string;
    /** Empty when the ledger said so already. */
    readonly changes: readonly LedgerChange[];
    readonly error?: ErrorReport;
  }[];
}

/** Who holds one shard. */
export interface LockReport {
  readonly state: LockState;
  /** `user@host`; null when it is free, or held by a session that no run has claimed. */
  readonly holder: string | null;
  readonly host: string | null;
  readonly pid: number | null;
  readonly runId: string | null;
  /** What the lock is: of a session, a lease that beats, or that of a process on a file. */
  readonly kind: 'session' | 'lease' | 'process' | null;
  /** How often the shard has been taken. */
  readonly epoch: number;
  readonly beat: number;
  /** When the holder's session was opened, as far as the server says; otherwise when its run began. ISO 8601, UTC. */
  readonly since: string | null;
  /** Null where the process is one of another machine. */
  readonly processRuns: boolean | null;
  /** The session that has the lock. */
  readonly session: OtherSession | null;
}

export interface LocksResult extends Result {
  readonly shards: readonly {
    readonly shard: string;
    readonly lock: LockReport | null;
    readonly error?: ErrorReport;
  }[];
}

export interface ReleaseResult extends Result {
  readonly runId: string;
  readonly shards: readonly {
    readonly shard: string;
    /** `free`: there was nothing to release. */
    readonly outcome: 'released' | 'free' | 'kept';
    /** The session that was ended. */
    readonly terminated: string | null;
    /** As it was before. */
    readonly lock: LockReport | null;
    readonly error?: ErrorReport;
  }[];
}
