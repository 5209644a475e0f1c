import type { Emit, RunEvent } from '../../events.js';
import { cleanText, mapTexts } from './clean.js';
import { initialLive, type LiveView, liveLines, nextLive, runningText } from './live.js';
import type { Redactor } from './redact.js';
import type { Sink } from './sink.js';
import { cut } from './text.js';

export interface Progress {
  readonly emit: Emit;
  /** A line of ours among the progress. */
  say(text: string): void;
  /** Takes the spinner away; it comes back with the next event. */
  pause(): void;
  stop(): void;
}

interface Spinner {
  text: string;
  readonly isSpinning: boolean;
  start(): unknown;
  stop(): unknown;
}

export interface ProgressOptions extends LiveView {
  readonly sink: Sink;
  readonly redactor: Redactor;
  readonly quiet: boolean;
  /** Absent: lines only. Called once, when a run turns out to take a while. */
  readonly spinner?: () => Promise<Spinner>;
}

/** A run that is over sooner needs no spinner. */
const patienceMs = 200;

/** Renders events: finished steps as lines, and on a terminal one moving line below them. */
export function createProgress({ sink, redactor, quiet, spinner: load, ...view }: ProgressOptions): Progress {
  let state = initialLive;
  let spinner: Spinner | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const above = (lines: readonly string[]) => {
    if (lines.length === 0) return;
    const spinning = spinner?.isSpinning === true;
    if (spinning) spinner?.stop();
    for (const line of lines) sink.line(line);
    if (spinning) spinner?.start();
  };
  const refresh = () => {
    if (spinner === undefined || stopped) return;
    spinner.text = cut(redactor.hide(runningText(state)).replaceAll('\n', ' '), Math.max(8, sink.width - 4));
    if (state.running.size === 0) spinner.stop();
    else if (!spinner.isSpinning) spinner.start();
  };
  const begin = () => {
    if (load === undefined || quiet || timer !== undefined) return;
    timer = setTimeout(async () => {
      if (stopped) return;
      spinner = await load();
      refresh();
    }, patienceMs);
    timer.unref();
  };

  return {
    emit: (event) => {
      if (quiet) return;
      const shown = harmless(event);
      above(liveLines(state, shown, view));
      state = nextLive(state, shown);
      if (event.type === 'step-start') begin();
      refresh();
    },
    say: (text) => above([text]),
    pause: () => void spinner?.stop(),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      spinner?.stop();
    },
  };
}

/** The error of an event is not shown here: it stands in the result. */
function harmless(event: RunEvent): RunEvent {
  const { error: _inResult, ...rest } = event as RunEvent & { error?: unknown };
  return mapTexts(rest, cleanText) as RunEvent;
}
