import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Config } from '../../../src/config/config.js';
import { type ParseContext, parseConfig } from '../../../src/config/parse.js';
import { dialects } from '../../../src/dialects/index.js';
import { DbpatError } from '../../../src/errors.js';

/** A folder with these files, gone when the test ends. */
export function folderWith(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'dbpat-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export function parse(raw: unknown, context: Partial<ParseContext> = {}): Promise<Config> {
  return parseConfig(raw, { root: '/base', file: '/base/dbpat.config.json', env: {}, dialects, ...context });
}

/** The error that the promise ends with; anything else than a DbpatError fails the test. */
export async function refusal(promise: Promise<unknown>): Promise<DbpatError> {
  const outcome = await promise.then(
    () => new Error('accepted'),
    (error: unknown) => error,
  );
  if (outcome instanceof DbpatError) return outcome;
  throw outcome;
}

/** Faults as `path: message`. */
export async function faultsOf(
  raw: unknown,
  context: Partial<ParseContext> = {},
): Promise<readonly string[]> {
  const { details } = await refusal(parse(raw, context));
  return (details.faults ?? []).map(({ path, message }) => `${path}: ${message}`);
}
