import { DbpatError } from '../errors.js';
import type { Phase } from '../events.js';
import type { Migration } from '../migration/migration.js';
import type { Shape } from '../migration/shape.js';
import { compareVersions } from '../migration/version.js';
import { refuseChanged, refuseMissing, refuseUndecided } from './plan.js';
import type { MigrationStatus } from './status.js';

/** One phase of a migration that is to be recorded as applied. */
export interface Mark {
  readonly migration: Migration;
  readonly phase: Phase;
  readonly shape: Shape;
}

export interface Baseline {
  /** By version and phase; empty when all are recorded. */
  readonly marks: readonly Mark[];
  readonly refusal?: DbpatError;
  /** The shard has a history of its own, so what it lacks may simply be pending: done only where the shard was named. */
  readonly uncalledFor?: string;
}

/**
 * What marking everything up to `version` as applied means on one shard. Pure.
 * @param at as for `resolvePlan`
 */
export function resolveBaseline(status: readonly MigrationStatus[], version: string, at = ''): Baseline {
  const within = status.filter((entry) => compareVersions(entry.version, version) <= 0);
  const unfinished = within.filter((entry) => entry.rows.some((row) => row.status !== 'applied'));
  const refusal =
    refuseUndecided(unfinished, at) ??
    refuseUnfinished(unfinished, at) ??
    refuseChanged(within) ??
    refuseMissing(
      within.filter((entry) => entry.state === 'missing'),
      within.filter((entry) => entry.rows.length === 0),
    );
  if (refusal !== undefined) return { marks: [], refusal };
  const marks = within.flatMap(({ rows, migration, shape }) =>
    rows.length === 0 && migration !== undefined
      ? shape.phases.map((phase) => ({ migration, phase, shape }))
      : [],
  );
  const known = status.some((entry) => entry.rows.length > 0);
  return marks.length > 0 && known
    ? {
        marks,
        uncalledFor: `${marks[0]!.migration.version} ${marks[0]!.migration.description} is pending there, and would never run`,
      }
    : { marks };
}

function refuseUnfinished(unfinished: readonly MigrationStatus[], at: string): DbpatError | undefined {
  const [first] = unfinished;
  if (first === undefined) return undefined;
  const { version, description } = first;
  return new DbpatError(
    'unfinished',
    `${version} ${description}: ${first.rows[0]!.progress?.done ?? 0} of its statements took effect and the rest did not; nothing was marked`,
    {
      version,
      hint: `finish it: dbpat migrate up --to ${version}${at}, or say that it is: dbpat migrate repair --applied ${version}${at} --reason TEXT`,
    },
  );
}
