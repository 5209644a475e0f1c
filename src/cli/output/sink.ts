import type { OutStream } from '../host.js';
import { cleanOutput } from './clean.js';
import type { Redactor } from './redact.js';

/** The only way to a stream. */
export interface Sink {
  readonly isTTY: boolean;
  /** Infinity where it is no terminal, or the terminal does not say. */
  readonly width: number;
  /** Without secrets, control characters and workflow commands. */
  line(text: string): void;
  /** As it is, for JSON that `jsonLine` made. */
  raw(text: string): void;
}

/** A reader that went away (EPIPE) ends the output, not the work. */
export function createSink(stream: OutStream, redactor: Redactor): Sink {
  let open = true;
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
    open = false;
  });
  const write = (text: string) => {
    if (open) stream.write(text);
  };
  return {
    isTTY: stream.isTTY === true,
    width: stream.isTTY && stream.columns ? stream.columns : Number.POSITIVE_INFINITY,
    line: (text) => write(`${cleanOutput(redactor.hide(text))}\n`),
    raw: write,
  };
}
