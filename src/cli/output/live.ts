import type { DbpatError } from '../../errors.js';
import type { RunEvent, StepRef } from '../../events.js';
import type { Paint } from './colour.js';
import { formatDuration } from './duration.js';

export interface LiveView {
  readonly paint: Paint;
  readonly verbose: boolean;
}

interface Running {
  readonly index: number;
  readonly of: number;
  readonly description: string;
  readonly empty: boolean;
  readonly waiting?: string;
}

/** What the progress knows of a run: who is in the fleet, and which step each shard is in. */
export interface LiveState {
  /** Nothing else than `default`: its name says nothing. */
  readonly unnamed: boolean;
  readonly running: ReadonlyMap<string, Running>;
  /** Few enough to say of each where it is. */
  readonly few: boolean;
  /** Waits and targets that have been told. */
  readonly told: ReadonlySet<string>;
}

export const initialLive: LiveState = { unnamed: false, few: true, running: new Map(), told: new Set() };

const mostTargets = 10;

/** The state after an event. Pure. */
export function nextLive(state: LiveState, event: RunEvent): LiveState {
  const running = (shard: string, entry: Running | undefined) => {
    const next = new Map(state.running);
    if (entry === undefined) next.delete(shard);
    else next.set(shard, entry);
    return { ...state, running: next };
  };
  switch (event.type) {
    case 'run-start':
      return {
        ...state,
        unnamed: event.shards.length === 1 && event.shards[0] === 'default',
        few: event.shards.length <= mostTargets,
      };
    case 'shard-start':
      return { ...state, told: new Set([...state.told, targetKey(event)]) };
    case 'step-start':
      return running(event.shard, {
        index: event.index,
        of: event.of,
        description: stepName(event.step),
        empty: event.statements === 0,
      });
    case 'retry': {
      const current = state.running.get(event.shard);
      const told = new Set([...state.told, waitKey(event)]);
      return current === undefined
        ? { ...state, told }
        : { ...running(event.shard, { ...current, waiting: event.reason }), told };
    }
    case 'wait':
    case 'lock-wait':
      return { ...state, told: new Set([...state.told, waitKey(event)]) };
    case 'statement': {
      const current = state.running.get(event.shard);
      if (current?.waiting === undefined) return state;
      const { waiting: _over, ...rest } = current;
      return running(event.shard, rest);
    }
    case 'shard-end':
      return running(event.shard, undefined);
    default:
      return state;
  }
}

/** The lines an event is worth. Pure; `state` is that before the event. */
export function liveLines(
  state: LiveState,
  event: RunEvent,
  { paint, verbose }: LiveView,
): readonly string[] {
  const named = (shard: string, text: string) => (state.unnamed ? text : `${paint.bold(shard)}  ${text}`);
  switch (event.type) {
    case 'run-start':
      return verbose ? [paint.dim(`run ${event.runId}`)] : [];
    case 'shard-start':
      if (!state.few && !verbose) return [];
      return state.told.has(targetKey(event)) ? [] : [named(event.shard, paint.dim(`on ${event.target}`))];
    case 'step-start':
      return verbose ? [named(event.shard, `${stepTitle(event.step)} ${paint.dim('…')}`)] : [];
    case 'statement':
      return verbose
        ? [named(event.shard, paint.dim(`  ${event.index + 1}/${event.of} ${event.words}`))]
        : [];
    case 'retry':
      if (state.told.has(waitKey(event)) && !verbose) return [];
      return [
        named(
          event.shard,
          `${event.step.version} waits: ${event.reason}; try ${event.attempt + 1} in ${formatDuration(event.waitMs)}`,
        ),
      ];
    case 'wait': {
      if (state.told.has(waitKey(event)) && !verbose) return [];
      const text = `waits for the database: ${event.reason}`;
      return [event.shard === undefined || event.shard === 'default' ? text : named(event.shard, text)];
    }
    case 'lock-wait':
      if (state.told.has(waitKey(event)) && !verbose) return [];
      return [named(event.shard, `waits for the lock held by ${event.holder}`)];
    case 'step-end':
      return [named(event.shard, stepLine(event, state.running.get(event.shard)?.empty === true, paint))];
    case 'shard-end':
      return verbose
        ? [named(event.shard, `${event.outcome}  ${paint.dim(formatDuration(event.durationMs))}`)]
        : [];
    case 'warning':
      return [
        `${paint.yellow('warning:')} ${event.shard === undefined ? event.message : named(event.shard, event.message)}`,
      ];
    case 'log':
      return [named(event.shard, `${event.version}: ${event.message}`)];
    default:
      return [];
  }
}

function stepLine(
  { step, outcome, durationMs }: { step: StepRef; outcome: string; durationMs: number; error?: DbpatError },
  empty: boolean,
  paint: Paint,
): string {
  const end = outcome === 'done' ? paint.dim(formatDuration(durationMs)) : paint.red(outcome);
  return `${stepTitle(step)}${empty ? ' (empty: nothing to run)' : ''}  ${end}`;
}

function stepTitle({ direction, phase, version, description }: StepRef): string {
  return `${direction}${phase === 'up' ? '' : ` ${phase}`} ${version} ${description}`;
}

/** The spinner's text: which shard is in which step. */
export function runningText({ running, unnamed }: LiveState): string {
  return [...running]
    .map(([shard, { index, of, description, waiting }]) => {
      const place = `${index + 1}/${of} ${description}${waiting === undefined ? '' : ` (waits: ${waiting})`}`;
      return unnamed ? place : `${shard} ${place}`;
    })
    .join(', ');
}

function stepName({ version, description }: StepRef): string {
  return description === '' ? version : description;
}

function targetKey({ shard, target }: RunEvent & { type: 'shard-start' }): string {
  return `${shard} on ${target}`;
}

function waitKey(event: RunEvent & { type: 'wait' | 'retry' | 'lock-wait' }): string {
  switch (event.type) {
    case 'wait':
      return `${event.shard} ${event.reason}`;
    case 'retry':
      return `${event.shard} ${event.step.version}`;
    case 'lock-wait':
      return `${event.shard} ${event.holder}`;
  }
}
