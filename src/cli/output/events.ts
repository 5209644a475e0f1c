import { closeSync, openSync, writeSync } from 'node:fs';
import { DbpatError } from '../../errors.js';
import type { Emit } from '../../events.js';
import { errorReport } from '../../run/results.js';
import { jsonLine } from './json.js';
import type { Redactor } from './redact.js';

export interface EventLog {
  readonly emit: Emit;
  close(): void;
}

/**
 * Every event as a line of JSON, written at once. `write` takes the lines for `-`; a file is appended to.
 * @throws DbpatError `usage` when the file cannot be opened
 */
export function openEventLog(
  file: string,
  redactor: Redactor,
  write: (line: string) => void,
  now: () => Date = () => new Date(),
): EventLog {
  const fd = file === '-' ? undefined : open(file);
  const put = fd === undefined ? write : (line: string) => void writeSync(fd, line);
  let runId: string | undefined;
  return {
    emit: (event) => {
      if (event.type === 'run-start') runId = event.runId;
      const error = 'error' in event && event.error !== undefined ? { error: errorReport(event.error) } : {};
      const line = {
        v: 1,
        ts: now().toISOString(),
        ...(runId === undefined ? {} : { runId }),
        ...event,
        ...error,
      };
      put(`${jsonLine(line, redactor)}\n`);
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
    },
  };
}

function open(file: string): number {
  try {
    return openSync(file, 'a', 0o600);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new DbpatError('usage', `--events ${file}: cannot be written (${reason})`, {
      cause,
      hint: 'name a file in a folder that exists, or - for stdout',
    });
  }
}
