import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { project } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

/**
 * Each folder of `cases` is a project with a `case.json`: commands in order, with files written or removed before them,
 * and the whole of what each prints. UPDATE_CASES=1 writes down what is printed now, to be read before it is committed.
 */
interface Step {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly write?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
  exitCode: number;
  stdout: readonly string[];
  stderr: readonly string[];
}

const folder = fileURLToPath(new URL('./cases', import.meta.url));

function lines(text: string, path: string): string[] {
  const normal = text
    .replaceAll(path, '<dir>')
    .replace(/\b\d+(\.\d+)? (ms|s)\b/g, '<time>')
    .replace(/<time> {2,}/g, '<time>  ')
    .replace(/"(durationMs|latencyMs)":\d+(\.\d+)?/g, '"$1":0')
    .replace(/\b0[0-9a-z]{19}\b/g, '<run>')
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{3}Z)?/g, '<at>')
    .replace(/\bSQLite \d+\.\d+\.\d+/g, 'SQLite <version>')
    .replace(/[\w.-]+@[\w.-]+/g, '<who>')
    .replace(/ +$/gm, '');
  return normal.replace(/\n$/, '').split('\n');
}

it.each(readdirSync(folder))('%s', async (name) => {
  const file = join(folder, name, 'case.json');
  const steps = JSON.parse(readFileSync(file, 'utf8')) as Step[];
  const place = project({});
  cpSync(join(folder, name), place.path, { recursive: true });
  rmSync(join(place.path, 'case.json'));
  try {
    const seen: Step[] = [];
    for (const step of steps) {
      for (const [path, text] of Object.entries(step.write ?? {})) {
        mkdirSync(dirname(join(place.path, path)), { recursive: true });
        writeFileSync(join(place.path, path), text);
      }
      for (const path of step.remove ?? []) rmSync(join(place.path, path));
      const { exitCode, stdout, stderr } = await runCli(step.args, {
        cwd: place.path,
        ...(step.env && { env: step.env }),
      });
      seen.push({ ...step, exitCode, stdout: lines(stdout, place.path), stderr: lines(stderr, place.path) });
    }
    if (process.env.UPDATE_CASES) writeFileSync(file, `${JSON.stringify(seen, null, 2)}\n`);
    else expect(seen).toEqual(steps);
  } finally {
    place.remove();
  }
});
