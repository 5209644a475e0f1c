import { DbpatError } from '../errors.js';
import type { Phase } from '../events.js';
import type { LedgerRow } from '../ledger/read.js';
import { versionKey } from '../migration/version.js';
import type { MigrationStatus } from './status.js';

export type RepairAction = 'accept' | 'applied' | 'reverted' | 'resume';

export interface RepairRequest {
  readonly action: RepairAction;
  readonly version: string;
  /** Only for `applied` and `reverted`; otherwise the migration's only phase, or the one that is unfinished. */
  readonly phase?: Phase;
}

/** What one phase of the ledger is to say from now on. */
export interface PhaseRepair {
  readonly entry: MigrationStatus;
  readonly phase: Phase;
  readonly row?: LedgerRow;
}

export interface Repair {
  /** Empty: the ledger says so already. */
  readonly changes: readonly PhaseRepair[];
  readonly refusal?: DbpatError;
  /** The shard is in no need of this: it is done only where the shard was named. */
  readonly uncalledFor?: string;
}

const phases: readonly Phase[] = ['up', 'expand', 'backfill', 'switch', 'contract'];

/** The version of an action as it is typed, and its phase. @throws DbpatError `usage` for a phase that is none, or of no use */
export function parseRepair(action: RepairAction, written: string): RepairRequest {
  const [version = '', word, ...more] = written.split(':');
  if (word === undefined) return { action, version };
  if (action === 'accept' || action === 'resume') {
    throw new DbpatError('usage', `--${action} takes a version without a phase`, {
      hint: `dbpat migrate repair --${action} ${version} --reason TEXT`,
    });
  }
  const phase = phases.find((one) => one === word);
  if (version !== '' && phase !== undefined && more.length === 0) return { action, version, phase };
  throw new DbpatError('usage', `'${written}' is no VERSION or VERSION:PHASE`, {
    hint: `phases are ${phases.join(', ')}; a plain migration has only 'up'`,
  });
}

/**
 * What a repair means on one shard. Pure: it decides nothing about what really is in the database.
 * @param at as for `resolvePlan`
 */
export function resolveRepair(status: readonly MigrationStatus[], request: RepairRequest, at = ''): Repair {
  const entry = status.find((one) => versionKey(one.version) === versionKey(request.version));
  if (entry === undefined) return refused(`there is no migration ${request.version}`, request);
  const found = request.phase === undefined ? solePhase(entry, request, at) : knownPhase(entry, request);
  if (found instanceof DbpatError) return { changes: [], refusal: found };
  const row = entry.rows.find((one) => one.phase === found);
  const change: PhaseRepair = { entry, phase: found, ...(row === undefined ? {} : { row }) };
  const name = `${entry.version} ${entry.description}`;
  switch (request.action) {
    case 'accept':
      return resolveAccept(entry, name, request);
    case 'applied':
      if (row?.status === 'applied') return { changes: [] };
      if (entry.migration === undefined) return refused(`${name} has no file here`, request);
      return row === undefined
        ? { changes: [change], uncalledFor: `${name} has not begun there, and would never run` }
        : { changes: [change] };
    case 'reverted':
      if (row === undefined) return { changes: [] };
      return row.status === 'applied' && entry.state !== 'missing'
        ? { changes: [change], uncalledFor: `${name} is applied there, and would run again` }
        : { changes: [change] };
    case 'resume':
      return resolveResume(change, name, request, at);
  }
}

function resolveAccept(entry: MigrationStatus, name: string, request: RepairRequest): Repair {
  if (entry.rows.length === 0) return uncalled(`${name} is not applied`, request);
  if (entry.migration === undefined) return refused(`${name} has no file here`, request);
  if (entry.edit === undefined) return { changes: [] };
  return { changes: entry.rows.map((row) => ({ entry, phase: row.phase, row })) };
}

function resolveResume(change: PhaseRepair, name: string, request: RepairRequest, at: string): Repair {
  const { row } = change;
  if (row === undefined || row.status === 'applied') return uncalled(`${name} is not unfinished`, request);
  const journal = row.progress;
  if (journal === null) return refused(`${name} keeps no journal that could be resumed`, request);
  if (journal.total === null && journal.done > 0 && journal.calls === undefined) {
    const refusal = new DbpatError(
      'unfinished',
      `${name}: ${journal.done} statements of its module took effect, and code cannot be resumed in the middle; nothing was changed`,
      {
        version: request.version,
        hint: `undo them by hand, then: dbpat migrate repair --reverted ${request.version}${at} --reason TEXT`,
      },
    );
    return { changes: [], refusal };
  }
  return journal.inFlight === null ? { changes: [] } : { changes: [change] };
}

/** The phase that is meant where none was said. */
function solePhase(entry: MigrationStatus, request: RepairRequest, at: string): Phase | DbpatError {
  const unfinished = entry.rows.filter((row) => row.status !== 'applied');
  if (unfinished.length === 1) return unfinished[0]!.phase;
  const known = phasesOf(entry);
  if (known.length === 1 || request.action === 'accept') return known[0]!;
  return new DbpatError(
    'usage',
    `${entry.version} ${entry.description} has several phases: ${known.join(', ')}; nothing was changed`,
    {
      version: request.version,
      hint: `name one: dbpat migrate repair --${request.action} ${request.version}:${known[0]}${at} --reason TEXT`,
    },
  );
}

function knownPhase(entry: MigrationStatus, request: RepairRequest): Phase | DbpatError {
  const { phase } = request;
  const known = phasesOf(entry);
  if (known.includes(phase!)) return phase!;
  return new DbpatError(
    'usage',
    `${entry.version} ${entry.description} has no phase ${phase}, only ${known.join(', ')}; nothing was changed`,
    {
      version: request.version,
      hint: `dbpat migrate repair --${request.action} ${request.version}:${known[0]} --reason TEXT`,
    },
  );
}

function phasesOf(entry: MigrationStatus): readonly Phase[] {
  return entry.migration === undefined ? entry.rows.map((row) => row.phase) : entry.shape.phases;
}

/** An error where the shard was named, nothing to do elsewhere. */
function uncalled(what: string, request: RepairRequest): Repair {
  return { ...refused(what, request), uncalledFor: what };
}

function refused(what: string, request: RepairRequest): Repair {
  const refusal = new DbpatError('usage', `${what}; nothing was changed`, {
    version: request.version,
    hint: 'dbpat migrate status',
  });
  return { changes: [], refusal };
}
