import { expect, it } from 'vitest';
import type { LedgerRow } from '../../../src/ledger/read.js';
import { versionKey } from '../../../src/migration/version.js';
import { resolveBaseline } from '../../../src/plan/baseline.js';
import { resolveStatus } from '../../../src/plan/status.js';
import { migration, phasedMigration, row } from './fixtures.js';

function baseline(rows: readonly LedgerRow[], files = ['1', '2', '3'], edited: readonly string[] = []) {
  const edits = new Map(edited.map((version) => [versionKey(version), { cosmetic: false }]));
  const status = resolveStatus(
    files.map((version) => migration(version)),
    rows,
    { edits },
  );
  const { marks, refusal, uncalledFor } = resolveBaseline(status, '002', ' --shard a');
  return {
    marks: marks.map((mark) => mark.migration.version),
    refusal: refusal && [refusal.code, refusal.hint],
    uncalledFor,
  };
}

const nothing = { marks: [], refusal: undefined, uncalledFor: undefined };
const failed = {
  status: 'failed' as const,
  progress: { direction: 'up', total: 3, done: 1, prefix: 'p', inFlight: null } as const,
};

it('marks what is not recorded, up to the version', () => {
  expect(baseline([])).toEqual({ ...nothing, marks: ['1', '2'] });
});

it('lets alone what is applied, and says that the shard has a history', () => {
  expect(baseline([row('1', 1)])).toEqual({
    ...nothing,
    marks: ['2'],
    uncalledFor: '2 step 2 is pending there, and would never run',
  });
  expect(baseline([row('1', 1), row('2', 2)])).toEqual(nothing);
});

it('marks older ones below an applied newer one', () => {
  expect(baseline([row('3', 1)]).marks).toEqual(['1', '2']);
});

it.each([
  [
    'an unfinished one',
    [row('1', 1, failed)],
    ['1', '2'],
    [],
    [
      'unfinished',
      'finish it: dbpat migrate up --to 1 --shard a, or say that it is: dbpat migrate repair --applied 1 --shard a --reason TEXT',
    ],
  ],
  [
    'an edited one',
    [row('1', 1)],
    ['1', '2'],
    ['1'],
    [
      'history_changed',
      'restore the file and write a new migration, or accept it: dbpat migrate repair --accept 1 --reason TEXT',
    ],
  ],
  [
    'one without a file',
    [row('1', 1)],
    ['2'],
    [],
    [
      'history_missing',
      'restore the file, or take the record back: dbpat migrate repair --reverted 1 --reason TEXT',
    ],
  ],
] as const)('refuses %s', (_name, rows, files, edited, refusal) => {
  expect(baseline(rows, [...files], edited)).toEqual({ ...nothing, refusal });
});

it('does not mind what is wrong above the version', () => {
  expect(baseline([row('3', 1, failed)]).marks).toEqual(['1', '2']);
  expect(baseline([row('3', 1)], ['1', '2', '3'], ['3']).marks).toEqual(['1', '2']);
});

it('marks every phase of a phased migration', () => {
  const shapes = new Map([['1', { phases: ['expand', 'backfill', 'contract'] as const, tables: [] }]]);
  const { marks } = resolveBaseline(resolveStatus([phasedMigration('1')], [], { shapes }), '1');
  expect(marks.map(({ phase }) => phase)).toEqual(['expand', 'backfill', 'contract']);
});
