import { parseDuration } from '../config/durations.js';
import type { OptionSpec } from './command.js';

/** A switch. */
export function flag(
  flags: string,
  description: string,
  more: Partial<OptionSpec<true>> = {},
): OptionSpec<true> {
  return { flags, description, ...more };
}

/** Any text but the empty one. */
export function text(
  flags: string,
  description: string,
  more: Partial<OptionSpec<string>> = {},
): OptionSpec<string> {
  return { flags, description, parse: parseText, ...more };
}

/** May be given several times. */
export function texts(
  flags: string,
  description: string,
  more: Partial<OptionSpec<readonly string[]>> = {},
): OptionSpec<readonly string[]> {
  return { flags, description, repeatable: true, parse: parseText, ...more };
}

/** The id of a run, as every run prints it. */
export function runId(
  flags: string,
  description: string,
  more: Partial<OptionSpec<string>> = {},
): OptionSpec<string> {
  return { flags, description, parse: parseRun, ...more };
}

/** A whole number from 1. */
export function count(
  flags: string,
  description: string,
  more: Partial<OptionSpec<number>> = {},
): OptionSpec<number> {
  return { flags, description, parse: parseCount, ...more };
}

/** One of a few words. */
export function choice<const T extends string>(
  flags: string,
  description: string,
  words: readonly T[],
  more: Partial<OptionSpec<T>> = {},
): OptionSpec<T> {
  const parse = (written: string): T => {
    const found = words.find((word) => word === written);
    if (found === undefined) throw new Error(`It must be one of ${words.join(', ')}.`);
    return found;
  };
  return { flags, description, parse: parse as never, ...more };
}

/** Milliseconds. */
export function duration(
  flags: string,
  description: string,
  more: Partial<OptionSpec<number>> = {},
): OptionSpec<number> {
  return { flags, description, parse: parseMs, ...more };
}

function parseText(written: string): string {
  if (written.trim() === '') throw new Error('It must not be empty.');
  return written;
}

function parseRun(written: string): string {
  if (!/^[0-9a-z]{20}$/.test(written)) throw new Error('It must be the id of a run: 20 letters and digits.');
  return written;
}

function parseCount(written: string): number {
  if (!/^[1-9]\d{0,5}$/.test(written)) throw new Error('It must be a whole number from 1.');
  return Number(written);
}

function parseMs(written: string): number {
  const ms = parseDuration(written);
  if (ms === undefined) throw new Error('Write it as 250ms, 30s, 5m, 1h or 0.');
  return ms;
}

const where = { group: 'Which databases:' };
const how = { group: 'Output:' };

/** How a command answers. */
export const outputOptions = {
  json: flag('--json', 'one JSON object on stdout, also on failure', how),
  quiet: flag('--quiet', 'no progress, no summary: errors only', { ...how, conflicts: ['verbose'] }),
  verbose: flag('--verbose', 'statements, retries, run ids, stacks of internal errors', how),
  color: flag('--no-color', 'no colours (so does NO_COLOR=1)', how),
};

/** Where the config is. */
export const configOptions = {
  config: text('--config <file>', 'config file (default: dbpat.config.* in the working directory)', {
    ...where,
    conflicts: ['url'],
  }),
  url: text('--url <url>', 'one database, without a config (default: DATABASE_URL)', where),
  env: text('--env <name>', 'environment of the config to merge over it', where),
  envFile: text('--env-file <file>', 'read variables from a file; the environment wins', where),
};

/** Every command that meets shards. */
export const fleetOptions = {
  shard: texts(
    '--shard <selector>',
    'NAME, GLOB, group:G or label:K=V; may be repeated (default: all)',
    where,
  ),
  ...configOptions,
  concurrency: count('--concurrency <n>', 'shards at once', where),
  perHost: count('--per-host <n>', 'shards at once on one server', where),
  waitFor: duration('--wait-for <duration>', 'how long to wait for databases that are not up yet', where),
  ...outputOptions,
  events: text('--events <file>', 'append every event as a line of JSON; - for stdout', how),
};

/** Every command that writes to shards. */
export const writeOptions = {
  lockWait: duration('--lock-wait <duration>', "how long to wait for another run's lock"),
  yes: flag('--yes', 'consent for protected shards'),
};

export const dryRun = flag('--dry-run', 'print the plan and write nothing');

/** The given fields without the undefined ones. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
