import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { canary } from './servers.js';

const bin = fileURLToPath(new URL('../../bin/dbpat.js', import.meta.url));

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as the one JSON object that it must be. */
  json(): unknown;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** The real program in a process of its own; fails when a password shows up in what it prints. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', TZ: 'UTC', ...options.env };
  const child = spawn(process.execPath, [bin, ...args], { cwd: options.cwd, env });
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
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
      reject(new Error(`dbpat ${args.join(' ')} took longer than 60 s\n${stdout}\n${stderr}`));
    }, 60_000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if ((stdout + stderr).includes(canary)) {
        reject(new Error(`a password was printed by: dbpat ${args.join(' ')}\n${stdout}\n${stderr}`));
        return;
      }
      resolve({
        exitCode: code ?? (signal === null ? -1 : 1000),
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
}
