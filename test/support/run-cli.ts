import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { canary, failpointBin } from './servers.js';

const bin = fileURLToPath(new URL('../../bin/dbpat.js', import.meta.url));

export interface CliResult {
  /** 1000 when a signal ended it. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as the one JSON object that it must be. */
  json(): unknown;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** What the test build does at which of its failpoints: `name[@n]=action[:argument],…` (failpoints/acts.mjs). */
  readonly failpoint?: string;
  /** A file to which the test build appends the failpoints that it passes. */
  readonly trace?: string;
  /** Killed after that long, as a failure. */
  readonly timeoutMs?: number;
}

export interface RunningCli {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly result: Promise<CliResult>;
}

/** The real program in a process of its own, to its end; fails when a password shows up in what it prints. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return (await startCli(args, options)).result;
}

export async function startCli(args: readonly string[], options: CliOptions): Promise<RunningCli> {
  const { cwd, input = '', failpoint, trace, timeoutMs = 60_000 } = options;
  const program = failpoint === undefined && trace === undefined ? bin : await failpointBin();
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/',
    TZ: 'UTC',
    ...(failpoint === undefined ? {} : { DBPAT_FAILPOINT: failpoint }),
    ...(trace === undefined ? {} : { DBPAT_FAILPOINT_TRACE: trace }),
    ...options.env,
  };
  const child = spawn(process.execPath, [program, ...args], { cwd, env });
  // A process that was killed does not read it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const result = new Promise<CliResult>((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`dbpat ${args.join(' ')} took longer than ${timeoutMs} ms\n${stdout}\n${stderr}`));
    }, timeoutMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if ((stdout + stderr).includes(canary)) {
        reject(new Error(`a password was printed by: dbpat ${args.join(' ')}\n${stdout}\n${stderr}`));
        return;
      }
      resolve({
        exitCode: code ?? (signal === null ? -1 : 1000),
        signal,
        stdout,
        stderr,
        json: () => {
          try {
            return JSON.parse(stdout);
          } catch {
            throw new Error(`no JSON on stdout: ${stdout}\nstderr: ${stderr}`);
          }
        },
      });
    });
  });
  return { pid: child.pid!, kill: (signal) => void child.kill(signal), result };
}
