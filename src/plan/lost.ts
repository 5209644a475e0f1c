import { DbpatError } from '../errors.js';
import type { LogLine } from '../ledger/read.js';
import { compareVersions, versionKey } from '../migration/version.js';
import type { MigrationStatus } from './status.js';
import type { Problem } from './verify.js';

/**
 * Versions that the log says are recorded, by version: what was applied, baselined or repaired into the ledger and never
 * taken out again. Held against an empty ledger they are rows that someone has lost. Pure.
 */
export function recordedVersions(lines: readonly LogLine[]): readonly string[] {
  const recorded = new Map<string, string>();
  for (const line of lines) {
    if (line.version === null) continue;
    const key = `${versionKey(line.version)}:${line.phase}`;
    const effect = effectOf(line);
    if (effect === 'in') recorded.set(key, line.version);
    else if (effect === 'out') recorded.delete(key);
  }
  const versions = new Map([...recorded.values()].map((version) => [versionKey(version), version]));
  return [...versions.values()].sort(compareVersions);
}

function effectOf({ event, detail }: LogLine): 'in' | 'out' | undefined {
  switch (event) {
    case 'apply':
    case 'baseline':
    case 'adopt':
      return 'in';
    case 'revert':
      return 'out';
    case 'repair': {
      const action = (detail as { readonly action?: unknown } | null)?.action;
      return action === 'applied' ? 'in' : action === 'reverted' ? 'out' : undefined;
    }
    default:
      return undefined;
  }
}

/** A ledger that was emptied, as something that is wrong with it. Pure; `lost` is not empty. */
export function lostProblem(lost: readonly string[], status: readonly MigrationStatus[], at = ''): Problem {
  const newest = lost
    .filter((version) => status.some((entry) => versionKey(entry.version) === versionKey(version)))
    .at(-1);
  return {
    code: 'history_lost',
    version: lost.at(-1)!,
    message: describeLost(lost),
    hint:
      newest === undefined
        ? 'restore the rows of the ledger from a backup'
        : `restore its rows, or mark what is in the database: dbpat migrate baseline ${newest}${at} --reason TEXT`,
  };
}

/** The refusal to apply everything again to a database whose ledger was emptied. Pure; `lost` is not empty. */
export function refuseLost(
  lost: readonly string[],
  status: readonly MigrationStatus[],
  at: string,
): DbpatError {
  const { code, version, message, hint } = lostProblem(lost, status, at);
  return new DbpatError(code, `${message}; nothing ran`, { version, hint });
}

/** As one clause; `lost` is not empty. */
export function describeLost(lost: readonly string[]): string {
  const what = lost.length === 1 ? `${lost[0]} was` : `${lost.length} migrations, up to ${lost.at(-1)}, were`;
  return `the ledger is empty, but its log says that ${what} applied`;
}
