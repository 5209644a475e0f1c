import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Phase } from '../../../src/events.js';
import type { LedgerRow } from '../../../src/ledger/read.js';
import { phaseOrder, phaseRank } from '../../../src/migration/phase.js';
import type { Shape } from '../../../src/migration/shape.js';
import { type Request, resolvePlan } from '../../../src/plan/plan.js';
import { resolveStatus } from '../../../src/plan/status.js';
import { migration, phasedMigration, phaseRow, row } from './fixtures.js';

const all: Shape = { phases: phaseOrder, tables: ['users'] };
const journal = {
  direction: 'up' as const,
  total: 2,
  done: 1,
  prefix: 'x',
  inFlight: null,
};
const doubt = { ...journal, inFlight: { index: 1, words: 'ALTER TABLE', repeatable: false } };

/** 1 is plain, 2 phased, 3 plain. */
function status(rows: readonly LedgerRow[]) {
  const files = [migration('1'), phasedMigration('2'), migration('3')];
  return resolveStatus(files, rows, { shapes: new Map([['2', all]]) });
}

function plan(rows: readonly LedgerRow[], request: Request) {
  const { steps, refusal } = resolvePlan(status(rows), request);
  return refusal?.code ?? steps.map((step) => `${step.version}:${step.phase}`).join(' ');
}

const up = (through?: Phase): Request => ({
  direction: 'up',
  allowOutOfOrder: false,
  ...(through && { through }),
});
const down = (more: Partial<Request & { direction: 'down' }> = {}): Request => ({
  direction: 'down',
  ...more,
});

const one = row('1', 1);
const expand = phaseRow('2', 'expand', 2);
const backfill = phaseRow('2', 'backfill', 3);
const three = row('3', 4);
const switched = phaseRow('2', 'switch', 5);
const contract = phaseRow('2', 'contract', 6);

describe('state', () => {
  it.each<[string, readonly LedgerRow[], string]>([
    ['nothing', [], 'pending'],
    ['expanded', [expand], 'partial'],
    ['a backfill under way', [expand, { ...backfill, status: 'running' }], 'partial'],
    ['a backfill that failed', [expand, { ...backfill, status: 'failed' }], 'failed'],
    ['backfilled', [expand, backfill], 'partial'],
    ['switched', [expand, backfill, switched], 'partial'],
    ['a contract under way', [expand, backfill, switched, { ...contract, status: 'running' }], 'unfinished'],
    ['a contract that failed', [expand, backfill, switched, { ...contract, status: 'failed' }], 'failed'],
    ['contracted', [expand, backfill, switched, contract], 'applied'],
    ['an expand under way', [{ ...expand, status: 'running' }], 'unfinished'],
  ])('%s', (_, rows, state) => {
    expect(status(rows)[1]?.state).toBe(state);
  });

  it('an edit counts from the first applied phase on, also when a later one failed', () => {
    const rows = [
      { ...expand, checksum: 'v1:old' },
      { ...backfill, status: 'failed' as const },
    ];
    const files = [phasedMigration('2')];
    expect(resolveStatus(files, rows, { edits: new Map([['2', { cosmetic: false }]]) })[0]?.state).toBe(
      'changed',
    );
    expect(resolveStatus(files, rows, { edits: new Map([['2', { cosmetic: true }]]) })[0]?.state).toBe(
      'failed',
    );
  });

  it('knows the phases of a migration whose file is gone', () => {
    const [entry] = resolveStatus([], [backfill, expand]);
    expect([entry?.state, entry?.shape.phases, entry?.rows.map((one) => one.phase)]).toEqual([
      'missing',
      phaseOrder,
      ['expand', 'backfill'],
    ]);
  });
});

describe('up', () => {
  it.each<[string, readonly LedgerRow[], Request, string]>([
    ['stops before the gate', [one], up(), '2:expand 2:backfill 3:up'],
    ['stops after the expand', [one], up('expand'), '2:expand 3:up'],
    ['goes on to the switch', [one], up('switch'), '2:expand 2:backfill 2:switch 3:up'],
    ['goes through', [one], up('contract'), '2:expand 2:backfill 2:switch 2:contract 3:up'],
    ['goes on with the backfill', [one, expand], up(), '2:backfill 3:up'],
    ['older ones first', [one, expand, row('3', 3)], up(), '2:backfill'],
    ['resumes a backfill', [one, expand, { ...backfill, status: 'running' }], up(), '2:backfill 3:up'],
    [
      'tries a failed backfill again',
      [one, expand, { ...backfill, status: 'failed' }],
      up(),
      '2:backfill 3:up',
    ],
    ['passes over what waits for the gate', [one, expand, backfill], up(), '3:up'],
    ['has nothing to do', [one, expand, backfill, three], up(), ''],
    ['counts migrations', [], { ...up(), steps: 2 } as Request, '1:up 2:expand 2:backfill'],
    ['stops at --to', [one], { ...up(), to: '2' } as Request, '2:expand 2:backfill'],
    [
      'asks when an expand is in doubt',
      [one, { ...expand, status: 'running', progress: doubt }],
      up(),
      'unfinished',
    ],
    [
      'asks when a later phase is in doubt',
      [one, expand, { ...backfill, status: 'running', progress: doubt }],
      up(),
      'unfinished',
    ],
    [
      'leaves a contract in doubt alone',
      [one, expand, backfill, switched, { ...contract, status: 'running', progress: doubt }],
      up(),
      '3:up',
    ],
  ])('%s', (_, rows, request, expected) => {
    expect(plan(rows, request)).toBe(expected);
  });
});

describe('down', () => {
  const everything = [one, expand, backfill, three, switched, contract];
  it.each<[string, readonly LedgerRow[], Request, string]>([
    ['takes the phases of one migration together', [one, expand, backfill], down(), '2:backfill 2:expand'],
    ['stops where another migration came between', everything, down(), '2:contract 2:switch'],
    ['counts what stands together', everything, down({ steps: 2 }), '2:contract 2:switch 3:up'],
    ['and goes on below it', everything, down({ steps: 3 }), '2:contract 2:switch 3:up 2:backfill 2:expand'],
    [
      'takes all in reverse',
      everything,
      down({ all: true }),
      '2:contract 2:switch 3:up 2:backfill 2:expand 1:up',
    ],
    [
      'leaves the version named by --to',
      everything.slice(0, 4),
      down({ to: '1' }),
      '3:up 2:backfill 2:expand',
    ],
    ['leaves all phases of it', everything.slice(0, 4), down({ to: '2' }), '3:up'],
    [
      'takes the phases of a run',
      [one, expand, backfill, three, { ...switched, runId: 'r2' }, { ...contract, runId: 'r2' }],
      down({ run: 'r2' }),
      '2:contract 2:switch',
    ],
    [
      'takes back a backfill that did not finish',
      [one, expand, { ...backfill, status: 'failed' }],
      down(),
      '2:backfill 2:expand',
    ],
    [
      'refuses when an expand did not finish',
      [one, { ...expand, status: 'failed', progress: journal }],
      down(),
      'unfinished',
    ],
  ])('%s', (_, rows, request, expected) => {
    expect(plan(rows, request)).toBe(expected);
  });
});

/** A fleet's worth of histories: each shard is a run of random requests, carried out on paper. */
it('property: phases run in order, each once; down is the exact reverse; up through contract ends all', () => {
  const request = fc.oneof(
    fc.constantFrom<Request>(up('expand'), up(), up('switch'), up('contract')),
    fc.nat(3).map((steps): Request => ({ ...up(), steps: steps + 1 }) as Request),
    fc.nat(2).map((steps): Request => down({ steps: steps + 1 })),
  );
  const shapes = fc.array(
    fc.oneof(fc.constant<readonly Phase[]>(['up']), fc.subarray<Phase>([...phaseOrder], { minLength: 1 })),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(shapes, fc.array(request, { maxLength: 12 }), (shapesOf, requests) => {
      const files = shapesOf.map((phases, i) =>
        phases[0] === 'up' ? migration(String(i + 1)) : phasedMigration(String(i + 1)),
      );
      const known = new Map(shapesOf.map((phases, i) => [String(i + 1), { phases, tables: [] }]));
      let rows: LedgerRow[] = [];
      const carryOut = (asked: Request) => {
        const { steps, refusal } = resolvePlan(resolveStatus(files, rows, { shapes: known }), asked);
        expect(refusal).toBeUndefined();
        for (const step of steps) {
          if (step.direction === 'down') {
            expect(step.row).toBe(rows.at(-1));
            rows = rows.slice(0, -1);
            continue;
          }
          const own = rows.filter((one) => one.version === step.version).map((one) => one.phase);
          const before = step.shape.phases.filter((phase) => phaseRank(phase) < phaseRank(step.phase));
          expect(own.sort()).toEqual([...before].sort());
          const phased = step.phase === 'up' ? {} : { phased: step.shape };
          const order = (rows.at(-1)?.appliedOrder ?? 0) + 1;
          rows = [...rows, row(step.version, order, { phase: step.phase, ...phased })];
        }
      };
      for (const asked of requests) carryOut(asked);
      carryOut(up('contract'));
      expect(resolveStatus(files, rows).map((entry) => entry.state)).toEqual(files.map(() => 'applied'));
    }),
  );
});
