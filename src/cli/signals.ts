import { DbpatError, type ErrorCode, exitCodes } from '../errors.js';
import type { Host, SignalName } from './host.js';

const codes = { SIGINT: 'interrupted', SIGTERM: 'terminated', SIGHUP: 'hangup' } as const satisfies Record<
  SignalName,
  ErrorCode
>;

export interface Stopping {
  readonly signal: AbortSignal;
  release(): void;
}

/** The first signal asks the run to stop at its next safe point; the second ends the process. */
export function stopOnSignals(
  host: Host,
  command: string,
  say: (text: string) => void,
  last: () => void,
): Stopping {
  const controller = new AbortController();
  const release = host.onSignals((name) => {
    const code = codes[name];
    if (controller.signal.aborted) {
      last();
      host.exit(exitCodes[code]);
      return;
    }
    say('stopping at the next safe point; press again to cancel');
    controller.abort(
      new DbpatError(code, `stopped by ${name} at a safe point; what is recorded as applied stays`, {
        hint: `dbpat ${command}`,
      }),
    );
  });
  return { signal: controller.signal, release };
}
