import { describe, expect, it } from 'vitest';
import type { Journal, LedgerRow } from '../../../src/ledger/read.js';
import { versionKey } from '../../../src/migration/version.js';
import { parseRepair, type RepairAction, resolveRepair } from '../../../src/plan/repair.js';
import { resolveStatus } from '../../../src/plan/status.js';
import { migration, phasedMigration, phaseRow, row } from './fixtures.js';

const journal: Journal = { direction: 'up', total: 3, done: 1, prefix: 'p', inFlight: null };
const inFlight: Journal = { ...journal, inFlight: { index: 1, words: 'ALTER TABLE', repeatable: false } };
const unfinished = (progress: Journal) => row('2', 2, { status: 'running', progress });

/** What a repair of version 2 does beside an applied version 1. */
function repair(action: RepairAction, rows: readonly LedgerRow[], files = ['1', '2'], edited = false) {
  const edits = edited ? new Map([[versionKey('2'), { cosmetic: false }]]) : new Map();
  const status = resolveStatus(
    files.map((version) => migration(version)),
    [row('1', 1), ...rows],
    { edits },
  );
  const { changes, refusal, uncalledFor } = resolveRepair(status, { action, version: '002' }, ' --shard a');
  return {
    changes: changes.map(({ entry, phase, row: own }) => [entry.version, phase, own?.status]),
    refusal: refusal && [refusal.code, refusal.message, refusal.hint],
    uncalledFor,
  };
}

const nothing = { changes: [], refusal: undefined, uncalledFor: undefined };
const does = (status?: string) => ({ ...nothing, changes: [['2', 'up', status]] });
const refuses = (message: string) => ({
  ...nothing,
  refusal: ['usage', `${message}; nothing was changed`, 'dbpat migrate status'],
});

describe('accept', () => {
  it.each([
    ['an edited file', [row('2', 2)], ['1', '2'], true, does('applied')],
    ['a file that is the same', [row('2', 2)], ['1', '2'], false, nothing],
    ['a file that is gone', [row('2', 2)], ['1'], false, refuses('2 step 2 has no file here')],
    [
      'what is pending',
      [],
      ['1', '2'],
      false,
      { ...refuses('2 step 2 is not applied'), uncalledFor: '2 step 2 is not applied' },
    ],
  ])('%s', (_name, rows, files, edited, expected) => {
    expect(repair('accept', rows, files, edited)).toEqual(expected);
  });
});

describe('applied', () => {
  it.each([
    ['what is unfinished', [unfinished(inFlight)], ['1', '2'], does('running')],
    ['what is applied', [row('2', 2)], ['1', '2'], nothing],
    ['what has no file', [unfinished(inFlight)], ['1'], refuses('2 step 2 has no file here')],
    [
      'what is pending',
      [],
      ['1', '2'],
      { ...does(), uncalledFor: '2 step 2 has not begun there, and would never run' },
    ],
  ])('%s', (_name, rows, files, expected) => {
    expect(repair('applied', rows, files)).toEqual(expected);
  });
});

describe('reverted', () => {
  it.each([
    ['what is unfinished', [unfinished(inFlight)], ['1', '2'], does('running')],
    ['what has no file', [row('2', 2)], ['1'], does('applied')],
    ['what is pending', [], ['1', '2'], nothing],
    [
      'what is applied',
      [row('2', 2)],
      ['1', '2'],
      { ...does('applied'), uncalledFor: '2 step 2 is applied there, and would run again' },
    ],
  ])('%s', (_name, rows, files, expected) => {
    expect(repair('reverted', rows, files)).toEqual(expected);
  });
});

describe('resume', () => {
  it.each([
    ['a statement under way', [unfinished(inFlight)], does('running')],
    ['what goes on by itself', [unfinished(journal)], nothing],
    [
      'what is applied',
      [row('2', 2)],
      { ...refuses('2 step 2 is not unfinished'), uncalledFor: '2 step 2 is not unfinished' },
    ],
    [
      'half a module',
      [unfinished({ ...inFlight, total: null, prefix: null })],
      {
        ...nothing,
        refusal: [
          'unfinished',
          '2 step 2: 1 statements of its module took effect, and code cannot be resumed in the middle; nothing was changed',
          'undo them by hand, then: dbpat migrate repair --reverted 002 --shard a --reason TEXT',
        ],
      },
    ],
  ])('%s', (_name, rows, expected) => {
    expect(repair('resume', rows)).toEqual(expected);
  });
});

it('a version that is in neither the folder nor the ledger', () => {
  const { refusal } = resolveRepair(resolveStatus([], []), { action: 'applied', version: '7' });
  expect([refusal?.code, refusal?.message]).toEqual([
    'usage',
    'there is no migration 7; nothing was changed',
  ]);
});

it('a phase that the migration has not', () => {
  const status = resolveStatus([migration('2')], []);
  const { refusal } = resolveRepair(status, { action: 'applied', version: '2', phase: 'expand' });
  expect([refusal?.message, refusal?.hint]).toEqual([
    '2 step 2 has no phase expand, only up; nothing was changed',
    'dbpat migrate repair --applied 2:up --reason TEXT',
  ]);
});

it('of several phases one must be named, unless one alone is unfinished', () => {
  const phased = phasedMigration('2');
  const expand = phaseRow('2', 'expand', 1);
  const backfill = phaseRow('2', 'backfill', 2, { status: 'running', progress: inFlight });
  const asked = resolveRepair(resolveStatus([phased], [expand]), { action: 'reverted', version: '2' });
  expect([asked.refusal?.code, asked.refusal?.hint]).toEqual([
    'usage',
    'name one: dbpat migrate repair --reverted 2:expand --reason TEXT',
  ]);
  const sole = resolveRepair(resolveStatus([phased], [expand, backfill]), {
    action: 'reverted',
    version: '2',
  });
  expect(sole.changes.map(({ phase }) => phase)).toEqual(['backfill']);
});

describe('as typed', () => {
  it('V and V:PHASE', () => {
    expect(parseRepair('applied', '7')).toEqual({ action: 'applied', version: '7' });
    expect(parseRepair('reverted', '1.2:backfill')).toEqual({
      action: 'reverted',
      version: '1.2',
      phase: 'backfill',
    });
  });

  it.each([
    ['applied', '7:', "'7:' is no VERSION or VERSION:PHASE"],
    ['applied', ':up', "':up' is no VERSION or VERSION:PHASE"],
    ['applied', '7:up:up', "'7:up:up' is no VERSION or VERSION:PHASE"],
    ['applied', '7:contracts', "'7:contracts' is no VERSION or VERSION:PHASE"],
    ['accept', '7:up', '--accept takes a version without a phase'],
    ['resume', '7:up', '--resume takes a version without a phase'],
  ] as const)('--%s %s is refused', (action, written, message) => {
    expect(() => parseRepair(action, written)).toThrow(message);
  });
});
