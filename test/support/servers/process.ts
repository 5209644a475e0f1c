import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = process.getuid?.() === 0;
const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' };

/** A throw-away server on a free loopback port, run by an unprivileged user, gone with the process that started it. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** For its files: data, socket. */
  readonly folder: string;
  /** Of the server's first process. */
  pid(): number;
  /** Ends it without a chance to tidy up, and waits until it is gone. The data stay. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export interface Launch {
  readonly folder: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The line that says it is ready. */
  readonly ready: RegExp;
  readonly stopSignal: NodeJS.Signals;
  readonly url: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs as nobody where we are root, and dies with us even after SIGKILL. */
function unprivileged(command: string, args: readonly string[]): [string, string[]] {
  const user = root ? ['--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [];
  return ['setpriv', ['--pdeathsig', 'SIGKILL', ...user, '--', command, ...args]];
}

/** A command as the servers' user. @throws with what it printed */
export function run(command: string, args: readonly string[], input?: string): void {
  const [file, all] = unprivileged(command, args);
  const { status, stdout, stderr } = spawnSync(file, all, {
    cwd: tmpdir(),
    env,
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A new folder that belongs to the servers' user. */
export function serverFolder(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `dbpat-${name}-`));
  if (root) chownSync(path, 65534, 65534);
  return path;
}

export async function launch(what: Launch): Promise<TestServer> {
  let child = await spawnReady(what);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.removeAllListeners('exit');
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    child.kill('SIGCONT');
    await gone;
  };
  return {
    url: what.url,
    port: what.port,
    folder: what.folder,
    pid: () => child.pid!,
    kill: () => end('SIGKILL'),
    start: async () => {
      child = await spawnReady(what);
    },
    stop: async () => {
      await end(what.stopSignal);
      rmSync(what.folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function spawnReady(what: Launch): Promise<ChildProcess> {
  const { command, ready } = what;
  const [file, all] = unprivileged(command, what.args);
  const child = spawn(file, all, {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, ...what.env },
  });
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} was not ready in 60 s:\n${output}`));
    }, 60_000);
    const read = (chunk: Buffer) => {
      output = (output + chunk).slice(-8000);
      if (!ready.test(output)) return;
      clearTimeout(timer);
      child.stdout.removeListener('data', read).resume();
      child.stderr.removeListener('data', read).resume();
      child.removeAllListeners('exit');
      resolve(child);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${command} ended with ${code}:\n${output}`));
    });
    child.on('error', reject);
  });
}
