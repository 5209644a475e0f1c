import { DbpatError } from '../errors.js';
import type { Direction, Phase } from '../events.js';
import type { LedgerRow } from '../ledger/read.js';
import type { Migration } from '../migration/migration.js';
import type { Shape } from '../migration/shape.js';
import { compareVersions, versionKey } from '../migration/version.js';
import { isWaiting, type MigrationStatus, openPhases } from './status.js';

/** What the user asked for, checked against nothing yet. */
export type Request =
  | {
      readonly direction: 'up';
      /** Up to this version, inclusive. */
      readonly to?: string;
      /** Migrations, not phases. */
      readonly steps?: number;
      /** The last phase of phased migrations that is run. Default `backfill`: what needs no gate. */
      readonly through?: Phase;
      /** Only these, as stored in the ledger or named in the folder. */
      readonly only?: readonly string[];
      readonly allowOutOfOrder: boolean;
    }
  | {
      readonly direction: 'down';
      /** Down to this version, which stays. */
      readonly to?: string;
      /**
       * Migrations in the order in which they were applied last. All phases of one come down together, as far as they
       * follow each other: a phase that was applied before another migration's waits for that one.
       */
      readonly steps?: number;
      readonly all?: boolean;
      /** Everything that this run applied. */
      readonly run?: string;
      /** Of what is chosen, only these. */
      readonly only?: readonly string[];
      /** A contract that cannot be undone is taken back without being undone. */
      readonly acceptDataLoss?: boolean;
    };

/** One phase of one migration, in one direction, on one shard. */
export interface PlannedStep {
  readonly version: string;
  readonly description: string;
  readonly phase: Phase;
  readonly direction: Direction;
  /** Absent when only the ledger knows the migration: its stored text is used. */
  readonly migration?: Migration;
  /** The recorded row: always there for `down`, and for an `up` that is resumed. */
  readonly row?: LedgerRow;
  /** Of the whole migration. */
  readonly shape: Shape;
  /** What cannot be undone may be lost. */
  readonly acceptDataLoss?: true;
}

/** Either work (perhaps none) or a refusal; warnings go with both. */
export interface ShardPlan {
  readonly steps: readonly PlannedStep[];
  readonly refusal?: DbpatError;
  readonly warnings: readonly string[];
}

/**
 * Turns a shard's status and a request into work or a refusal. Pure: no I/O, no clock.
 * @param at ` --shard NAME` where there are others: a decision about one shard must not reach them
 */
export function resolvePlan(status: readonly MigrationStatus[], request: Request, at = ''): ShardPlan {
  const unknown = request.to === undefined ? undefined : unknownTarget(status, request.to);
  if (unknown !== undefined) return { steps: [], warnings: [], refusal: unknown };
  return request.direction === 'up' ? planUp(status, request, at) : planDown(status, request, at);
}

export function unknownTarget(status: readonly MigrationStatus[], to: string): DbpatError | undefined {
  if (status.some((entry) => compareVersions(entry.version, to) === 0)) return undefined;
  if (/^0+$/.test(to)) return undefined;
  const newest = status.at(-1);
  return new DbpatError('usage', `there is no migration ${to}`, {
    version: to,
    hint:
      newest === undefined
        ? 'dbpat migrate create <description>'
        : `dbpat migrate status (the newest is ${newest.version})`,
  });
}

function planUp(
  status: readonly MigrationStatus[],
  request: Request & { direction: 'up' },
  at: string,
): ShardPlan {
  const only = request.only === undefined ? undefined : new Set(request.only.map(versionKey));
  const within = (entry: MigrationStatus) =>
    (request.to === undefined || compareVersions(entry.version, request.to) <= 0) &&
    (only === undefined || only.has(versionKey(entry.version)));
  const ahead = status.filter((entry) => entry.ahead);
  const warnings = aheadWarnings(ahead);
  const cosmetic = status.filter((entry) => entry.edit?.cosmetic);
  if (cosmetic.length > 0) {
    warnings.push(
      `${list(cosmetic)}: edited since ${cosmetic.length === 1 ? 'it was' : 'they were'} applied, in comments or layout only`,
    );
  }
  const waiting = status.filter((entry) => isWaiting(entry, request.through) && within(entry));
  const refusal =
    refuseChanged(status) ??
    refuseMissing(
      status.filter((entry) => entry.state === 'missing' && !entry.ahead),
      waiting,
    ) ??
    refuseUndecided(waiting, at) ??
    (ahead.length > 0 && waiting.length > 0 ? refuseMissing(ahead, waiting) : undefined) ??
    (request.allowOutOfOrder ? undefined : refuseLate(waiting, status));
  if (refusal !== undefined) return { steps: [], warnings, refusal };
  const chosen = request.steps === undefined ? waiting : waiting.slice(0, request.steps);
  return {
    warnings,
    steps: chosen.flatMap((entry) =>
      openPhases(entry, request.through).map((phase) => {
        const row = entry.rows.find((one) => one.phase === phase);
        return {
          version: entry.rows[0]?.version ?? entry.version,
          description: entry.description,
          phase,
          direction: 'up' as const,
          migration: entry.migration!,
          ...(row === undefined ? {} : { row }),
          shape: entry.shape,
        };
      }),
    ),
  };
}

function planDown(
  status: readonly MigrationStatus[],
  request: Request & { direction: 'down' },
  at: string,
): ShardPlan {
  const recorded = status
    .flatMap((entry) => entry.rows.map((row) => ({ entry, row })))
    .sort((a, b) => b.row.appliedOrder - a.row.appliedOrder);
  let chosen = recorded;
  if (request.run !== undefined) {
    chosen = recorded.filter(({ row }) => row.runId === request.run);
  } else if (request.to !== undefined) {
    const stays = recorded.findIndex(({ row }) => compareVersions(row.version, request.to!) === 0);
    if (stays === -1 && !/^0+$/.test(request.to)) {
      const refusal = new DbpatError(
        'usage',
        `migration ${request.to} is not applied here, so nothing can come down to it`,
        {
          version: request.to,
          hint: 'dbpat migrate status',
        },
      );
      return { steps: [], warnings: [], refusal };
    }
    chosen = stays === -1 ? recorded : recorded.slice(0, stays);
  } else if (!request.all) {
    // A down that has begun is finished first, wherever it stands.
    const begun = recorded.filter(({ row }) => downHasBegun(row));
    const others = recorded.filter(({ row }) => !downHasBegun(row));
    chosen = newestMigrations([...begun, ...others], request.steps ?? 1);
  }
  if (request.only !== undefined) {
    const only = new Set(request.only.map(versionKey));
    chosen = chosen.filter(({ row }) => only.has(versionKey(row.version)));
  }
  const refusal =
    refuseChanged(chosen.map(({ entry }) => entry)) ??
    refuseUnfinishedUp(
      chosen.map(({ row }) => row),
      at,
    );
  if (refusal !== undefined) return { steps: [], warnings: [], refusal };
  const gone = chosen.filter(({ entry }) => entry.migration === undefined).map(({ entry }) => entry);
  return {
    warnings: gone.length === 0 ? [] : [`${list(gone)}: no file here, the text stored in the ledger is used`],
    steps: chosen.map(({ entry, row }) => ({
      version: row.version,
      description: entry.description,
      phase: row.phase,
      direction: 'down',
      ...(entry.migration === undefined ? {} : { migration: entry.migration }),
      row,
      shape: entry.shape,
      ...(request.acceptDataLoss ? { acceptDataLoss: true as const } : {}),
    })),
  };
}

function downHasBegun(row: LedgerRow): boolean {
  return row.status !== 'applied' && row.progress?.direction === 'down';
}

/** The rows of so many migrations, from the newest row on: neighbours of one version count as one. */
function newestMigrations<T extends { readonly row: LedgerRow }>(
  newestFirst: readonly T[],
  count: number,
): T[] {
  const chosen: T[] = [];
  let left = count;
  for (const one of newestFirst) {
    const before = chosen.at(-1);
    const same = before !== undefined && versionKey(before.row.version) === versionKey(one.row.version);
    if (!same && left-- === 0) break;
    chosen.push(one);
  }
  return chosen;
}

function aheadWarnings(ahead: readonly MigrationStatus[]): string[] {
  if (ahead.length === 0) return [];
  return [
    `${ahead.length} newer migration${ahead.length === 1 ? ' is' : 's are'} applied that this checkout does not have (${list(ahead)})`,
  ];
}

export function refuseChanged(entries: readonly MigrationStatus[]): DbpatError | undefined {
  const changed = entries.filter((entry) => entry.state === 'changed');
  const first = changed[0];
  if (first === undefined) return undefined;
  const row = first.rows[0]!;
  return new DbpatError(
    'history_changed',
    `${list(changed)}: changed after ${changed.length === 1 ? 'it was' : 'they were'} applied (${row.appliedAt} by ${row.appliedBy}); recorded ${shortSum(row.checksum)}, file ${shortSum(first.migration!.checksum)}; nothing ran`,
    {
      version: first.version,
      file: first.migration!.files[0]!.display,
      hint: `restore the file and write a new migration, or accept it: dbpat migrate repair --accept ${first.version} --reason TEXT`,
      diff: changed.map((entry) => entry.edit?.diff ?? '').join(''),
    },
  );
}

function shortSum(checksum: string): string {
  return checksum.slice(0, 15);
}

export function refuseMissing(
  missing: readonly MigrationStatus[],
  waiting: readonly MigrationStatus[],
): DbpatError | undefined {
  const first = missing[0];
  if (first === undefined) return undefined;
  const twin = waiting.find((entry) => entry.migration?.checksum === first.rows[0]!.checksum);
  const renamed =
    twin === undefined ? '' : ` (${twin.migration!.files[0]!.display} has the same text: it looks renamed)`;
  return new DbpatError(
    'history_missing',
    `${list(missing)}: applied, but the file is not in the folder${renamed}; nothing ran`,
    {
      version: first.version,
      hint:
        twin === undefined
          ? `restore the file, or take the record back: dbpat migrate repair --reverted ${first.version} --reason TEXT`
          : `give the file its old version ${first.version} back`,
    },
  );
}

/** A statement was under way when its runner ended, or a `down` was: no rule can tell what to do next. */
export function refuseUndecided(waiting: readonly MigrationStatus[], at: string): DbpatError | undefined {
  for (const entry of waiting) {
    for (const row of entry.rows) {
      const journal = row.progress;
      if (!journal || row.status === 'applied') continue;
      if (journal.direction === 'down') {
        return new DbpatError(
          'unfinished',
          `${nameOf(row)}: its down is unfinished (${journal.done} of ${journal.total ?? '?'} statements done)`,
          { version: entry.version, phase: row.phase, hint: `dbpat migrate down${at}` },
        );
      }
      if (journal.inFlight !== null && !journal.inFlight.repeatable) return undecided(row, at);
      if (journal.total === null && journal.done > 0 && journal.calls === undefined)
        return halfModule(row, at);
    }
  }
  return undefined;
}

/** The phase is said where a migration has several. */
function nameOf({ version, description, phase }: LedgerRow): string {
  return phase === 'up' ? `${version} ${description}` : `${version} ${description} (${phase})`;
}

/** How `repair` is told which: `0042`, or `0042:expand`. */
function repairName({ version, phase }: LedgerRow): string {
  return phase === 'up' ? version : `${version}:${phase}`;
}

function undecided(row: LedgerRow, at: string): DbpatError {
  const { inFlight, done, total } = row.progress!;
  const name = repairName(row);
  return new DbpatError(
    'unfinished',
    `${nameOf(row)}: statement ${inFlight!.index + 1} (${inFlight!.words}) was under way when run ${row.runId} ended; ${done} of ${total ?? '?'} are done, whether this one took effect is not known`,
    {
      version: row.version,
      phase: row.phase,
      statement: inFlight!.words,
      hint: `look at the database, then: dbpat migrate repair --resume ${row.version}${at} --reason TEXT (it did not take effect), --applied ${name} or --reverted ${name}`,
    },
  );
}

function halfModule(row: LedgerRow, at: string): DbpatError {
  return new DbpatError(
    'unfinished',
    `${nameOf(row)}: the module stopped after ${row.progress!.done} statements that took effect, and what it was answered is not known well enough to go on in the middle`,
    {
      version: row.version,
      phase: row.phase,
      hint: `undo them by hand, then: dbpat migrate repair --reverted ${repairName(row)}${at} --reason TEXT`,
    },
  );
}

export function refuseUnfinishedUp(rows: readonly LedgerRow[], at: string): DbpatError | undefined {
  for (const row of rows) {
    if (row.status === 'applied') continue;
    const journal = row.progress;
    if (journal?.direction === 'down') {
      if (journal.inFlight !== null && !journal.inFlight.repeatable) return undecided(row, at);
      continue;
    }
    // What a backfill has written is taken back with the expand, however far it came.
    if (row.phase === 'backfill' && journal === null) continue;
    return new DbpatError('unfinished', `${nameOf(row)}: its up is unfinished, so its down does not fit`, {
      version: row.version,
      phase: row.phase,
      hint: `dbpat migrate up${at}, or dbpat migrate repair --reverted ${repairName(row)}${at} --reason TEXT`,
    });
  }
  return undefined;
}

function refuseLate(
  waiting: readonly MigrationStatus[],
  status: readonly MigrationStatus[],
): DbpatError | undefined {
  const late = waiting.filter((entry) => entry.state === 'out-of-order');
  const first = late[0];
  if (first === undefined) return undefined;
  const newest = status.filter((entry) => entry.rows.length > 0).at(-1)!;
  const files = late.map((entry) => entry.migration!.files[0]!.display).join(', ');
  return new DbpatError(
    'history_out_of_order',
    `${files}: older than ${newest.version}, which is applied; nothing ran`,
    {
      version: first.version,
      file: first.migration!.files[0]!.display,
      hint: 'dbpat migrate up --allow-out-of-order, or give the file a newer version',
    },
  );
}

function list(entries: readonly MigrationStatus[]): string {
  const names = entries.slice(0, 5).map((entry) => `${entry.version} ${entry.description}`);
  return names.join(', ') + (entries.length > 5 ? ` and ${entries.length - 5} more` : '');
}
