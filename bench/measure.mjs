import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';

/** Runs a program to its end; milliseconds, and the most memory it held (VmHWM, sampled) in MB. */
export function time(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const sink = openSync('/dev/null', 'w');
    const started = process.hrtime.bigint();
    const stdin = options.input === undefined ? 'ignore' : openSync(options.input, 'r');
    const child = spawn(command, args, {
      cwd: options.cwd,
      stdio: [stdin, sink, 'pipe'],
      env: { ...process.env, ...options.env },
    });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr = (stderr + text).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) reject(new Error(`${command} ${args.join(' ')} ended with ${code}\n${stderr}`));
      else resolve(Number(process.hrtime.bigint() - started) / 1e6);
    });
  });
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Every contestant once per round, in turn, so that what disturbs the machine disturbs all of them.
 * A contestant is `{ name, prepare?, run }`; only `run` is measured. Answers the median of each, by name.
 */
export async function rounds(count, contestants) {
  const times = new Map(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const { name, prepare, run } of contestants) {
      await prepare?.();
      times.get(name).push(await run());
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}
