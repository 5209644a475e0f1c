import { takeStdout } from './stdout.js';

/** A stream to print on; `isTTY` and `columns` as Node has them. */
export interface OutStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** All that the CLI takes from the process it runs in. */
export interface Host {
  readonly env: Record<string, string | undefined>;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  /** Listens until the returned function is called. */
  onSignals(listener: (name: SignalName) => void): () => void;
  exit(code: number): void;
}

const signalNames: readonly SignalName[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export function processHost(): Host {
  return {
    env: process.env,
    cwd: process.cwd(),
    get stdin() {
      return process.stdin;
    },
    stdout: takeStdout(),
    stderr: process.stderr,
    onSignals: (listener) => {
      const each = signalNames.map((name) => ({ name, heard: () => listener(name) }));
      for (const { name, heard } of each) process.on(name, heard);
      return () => {
        for (const { name, heard } of each) process.off(name, heard);
      };
    },
    exit: (code) => process.exit(code),
  };
}
