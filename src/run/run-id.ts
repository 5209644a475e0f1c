import { randomBytes } from 'node:crypto';

/** Sorts by time: milliseconds, then chance; 20 characters of `[0-9a-z]`. */
export function newRunId(): string {
  return `${Date.now().toString(36).padStart(9, '0')}${randomBytes(7).toString('hex').slice(0, 11)}`;
}

/** When a run began, by the clock of the machine it began on; undefined for an id of another make. */
export function runStartedAt(runId: string): string | undefined {
  if (!/^0[0-9a-z]{8}[0-9a-f]{11}$/.test(runId)) return undefined;
  return new Date(Number.parseInt(runId.slice(0, 9), 36)).toISOString();
}
