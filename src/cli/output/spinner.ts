import type { OutStream } from '../host.js';

/**
 * One moving line. ora 9.4.1: `discardStdin` puts the terminal in raw mode, where Ctrl-C does nothing; on a terminal
 * of 0 columns it loops for ever (`canSpin`).
 */
export async function createSpinner(stream: OutStream) {
  const { default: ora } = await import('ora');
  return ora({ stream: stream as NodeJS.WriteStream, discardStdin: false, isEnabled: true, color: false });
}

/** A terminal that can move its cursor, with a person in front of it. */
export function canSpin(stream: OutStream, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && (stream.columns ?? 0) > 0 && !env.CI && env.TERM !== 'dumb';
}
