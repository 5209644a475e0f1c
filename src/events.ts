import type { DbpatError } from './errors.js';

export type Direction = 'up' | 'down';
export type Phase = 'up' | 'expand' | 'backfill' | 'switch' | 'contract';
export type ShardOutcome =
  | 'applied'
  | 'reverted'
  | 'up-to-date'
  | 'failed'
  | 'blocked'
  | 'interrupted'
  | 'skipped'
  | 'unreachable';
export type StepOutcome = 'done' | 'failed' | 'not-run';

/** The step an event is about. */
export interface StepRef {
  readonly version: string;
  readonly phase: Phase;
  readonly direction: Direction;
  readonly description: string;
}

/** What happens during a run, in order per shard. The core emits; renderers decide what is shown. */
export type RunEvent =
  | {
      readonly type: 'run-start';
      readonly runId: string;
      readonly command: string;
      readonly shards: readonly string[];
    }
  | { readonly type: 'shard-start'; readonly shard: string; readonly steps: number; readonly target: string }
  /** A database is not up yet; without a shard it is the directory of shards. */
  | { readonly type: 'wait'; readonly shard?: string; readonly reason: string; readonly waitedMs: number }
  | { readonly type: 'lock-wait'; readonly shard: string; readonly holder: string; readonly waitedMs: number }
  | {
      readonly type: 'step-start';
      readonly shard: string;
      readonly step: StepRef;
      readonly index: number;
      readonly of: number;
      /** Null for a module, whose statements are known only when they come. */
      readonly statements: number | null;
    }
  | {
      readonly type: 'statement';
      readonly shard: string;
      readonly step: StepRef;
      readonly index: number;
      readonly of: number;
      readonly words: string;
    }
  | {
      readonly type: 'retry';
      readonly shard: string;
      readonly step: StepRef;
      readonly attempt: number;
      readonly waitMs: number;
      readonly reason: string;
    }
  | {
      readonly type: 'step-end';
      readonly shard: string;
      readonly step: StepRef;
      readonly outcome: StepOutcome;
      readonly durationMs: number;
      readonly error?: DbpatError;
    }
  | {
      readonly type: 'shard-end';
      readonly shard: string;
      readonly outcome: ShardOutcome;
      readonly durationMs: number;
      readonly error?: DbpatError;
    }
  | {
      readonly type: 'run-end';
      readonly runId: string;
      readonly exitCode: number;
      readonly durationMs: number;
    }
  | { readonly type: 'warning'; readonly shard?: string; readonly message: string }
  | { readonly type: 'log'; readonly shard: string; readonly version: string; readonly message: string };

export type Emit = (event: RunEvent) => void;
