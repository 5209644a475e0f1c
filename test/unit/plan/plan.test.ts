import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../../src/ledger/read.js';
import { compareVersions, versionKey } from '../../../src/migration/version.js';
import { type Request, resolvePlan } from '../../../src/plan/plan.js';
import { type Edit, resolveStatus } from '../../../src/plan/status.js';
import { migration, row } from './fixtures.js';

const up: Request = { direction: 'up', allowOutOfOrder: false };

function plan(
  files: readonly string[],
  rows: readonly LedgerRow[],
  request: Request = up,
  edits?: ReadonlyMap<string, Edit>,
) {
  const sorted = [...files].sort(compareVersions).map((version) => migration(version));
  return resolvePlan(resolveStatus(sorted, rows, { ...(edits && { edits }) }), request);
}

function versions(result: ReturnType<typeof plan>): string[] {
  return result.steps.map((step) => step.version);
}

describe('up', () => {
  it('runs what is not recorded, in the order of the versions', () => {
    expect(versions(plan(['10', '9', '1'], [row('1', 1)]))).toEqual(['9', '10']);
  });

  it('stops at --to and at --step', () => {
    expect(versions(plan(['1', '2', '3'], [], { ...up, to: '2' }))).toEqual(['1', '2']);
    expect(versions(plan(['1', '2', '3'], [], { ...up, steps: 1 }))).toEqual(['1']);
    expect(versions(plan(['1', '2', '3'], [], { ...up, only: ['002'] }))).toEqual(['2']);
  });

  it('refuses a version that does not exist as --to', () => {
    expect(plan(['1'], [], { ...up, to: '7' }).refusal?.code).toBe('usage');
  });

  it('takes 1 and 001 for the same version', () => {
    expect(plan(['001'], [row('1', 1)]).steps).toEqual([]);
  });

  it('F87 refuses an edited migration and shows the diff', () => {
    const edits = new Map([[versionKey('1'), { cosmetic: false, diff: '-a\n+b\n' }]]);
    const { refusal, steps } = plan(['1', '2'], [row('1', 1, { checksum: 'v1:old' })], up, edits);
    expect(steps).toEqual([]);
    expect([refusal?.code, refusal?.exitCode, refusal?.details.diff]).toEqual([
      'history_changed',
      6,
      '-a\n+b\n',
    ]);
    expect(refusal?.hint).toContain('repair --accept 1');
  });

  it('goes on after an edit of comments, with a warning', () => {
    const edits = new Map([[versionKey('1'), { cosmetic: true }]]);
    const result = plan(['1', '2'], [row('1', 1, { checksum: 'v1:old' })], up, edits);
    expect(versions(result)).toEqual(['2']);
    expect(result.warnings).toEqual(['1 step 1: edited since it was applied, in comments or layout only']);
  });

  it.each([['1'], ['2'], ['3']])('F88 refuses when the file of %s is gone', (gone) => {
    const files = ['1', '2', '3', '4'].filter((version) => version !== gone);
    const { refusal } = plan(files, [row('1', 1), row('2', 2), row('3', 3)]);
    expect([refusal?.code, refusal?.details.version]).toEqual(['history_missing', gone]);
  });

  it('F89 warns when the database is ahead and nothing is pending, and refuses when something is', () => {
    const ahead = plan(['1'], [row('1', 1), row('2', 2)]);
    expect([ahead.refusal, ahead.steps.length, ahead.warnings.length]).toEqual([undefined, 0, 1]);
    expect(plan(['0', '1'], [row('1', 1), row('2', 2)]).refusal?.exitCode).toBe(6);
  });

  it('F91 refuses a late older version, unless allowed', () => {
    const { refusal } = plan(['1', '2', '3'], [row('1', 1), row('3', 2)]);
    expect([refusal?.code, refusal?.details.file]).toEqual(['history_out_of_order', 'migrations/2.sql']);
    expect(
      versions(plan(['1', '2', '3'], [row('1', 1), row('3', 2)], { ...up, allowOutOfOrder: true })),
    ).toEqual(['2']);
  });

  it('asks for a decision when a statement was under way', () => {
    const progress = {
      direction: 'up' as const,
      total: 3,
      done: 1,
      prefix: 'x',
      inFlight: { index: 1, words: 'ALTER TABLE', repeatable: false },
    };
    const running = row('1', 1, { status: 'running', progress });
    expect(plan(['1'], [running]).refusal?.code).toBe('unfinished');
    const repeatable = { ...progress, inFlight: { ...progress.inFlight, repeatable: true } };
    expect(versions(plan(['1'], [{ ...running, progress: repeatable }]))).toEqual(['1']);
    expect(
      versions(plan(['1'], [{ ...running, status: 'failed', progress: { ...progress, inFlight: null } }])),
    ).toEqual(['1']);
  });

  it('asks for a decision when a module stopped half-way', () => {
    const progress = { direction: 'up' as const, total: null, done: 2, prefix: null, inFlight: null };
    expect(plan(['1'], [row('1', 1, { status: 'failed', progress })]).refusal?.code).toBe('unfinished');
    expect(
      versions(plan(['1'], [row('1', 1, { status: 'failed', progress: { ...progress, done: 0 } })])),
    ).toEqual(['1']);
  });

  it('property: without conflicts every file is applied or planned, exactly once and in order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.bigInt({ min: 1n, max: 10n ** 20n }), { maxLength: 30 }),
        fc.nat(30),
        (numbers, count) => {
          const files = numbers.map(String).sort(compareVersions);
          const applied = files.slice(0, count);
          const result = plan(
            files,
            applied.map((version, i) => row(version, i + 1)),
          );
          expect(result.refusal).toBeUndefined();
          expect([...applied, ...versions(result)]).toEqual(files);
        },
      ),
    );
  });

  it('F91 property: whatever was applied, each file is applied, planned or named in the refusal', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
        fc.infiniteStream(fc.boolean()),
        (numbers, coins) => {
          const files = numbers.map(String).sort(compareVersions);
          const applied = files.filter(() => coins.next().value);
          const rows = applied.map((version, i) => row(version, i + 1));
          const late = files.filter(
            (f) => !applied.includes(f) && applied.some((a) => compareVersions(f, a) < 0),
          );
          const result = plan(files, rows);
          if (late.length === 0) expect(versions(result)).toEqual(files.filter((f) => !applied.includes(f)));
          else
            for (const version of late)
              expect(result.refusal?.message).toContain(`migrations/${version}.sql`);
        },
      ),
    );
  });
});

describe('down', () => {
  const rows = [row('1', 1), row('3', 2), row('2', 3, { runId: 'run2' })];

  it('F92 follows the order of application backwards, whatever the clocks said', () => {
    const skewed = rows.map((r, i) => ({ ...r, appliedAt: `2026-01-0${3 - i}T00:00:00.000Z` }));
    expect(versions(plan(['1', '2', '3'], skewed, { direction: 'down', all: true }))).toEqual([
      '2',
      '3',
      '1',
    ]);
  });

  it('takes one by default, N with steps, those of a run, and those after a version', () => {
    const files = ['1', '2', '3'];
    expect(versions(plan(files, rows, { direction: 'down' }))).toEqual(['2']);
    expect(versions(plan(files, rows, { direction: 'down', steps: 2 }))).toEqual(['2', '3']);
    expect(versions(plan(files, rows, { direction: 'down', run: 'run2' }))).toEqual(['2']);
    expect(versions(plan(files, rows, { direction: 'down', to: '3' }))).toEqual(['2']);
    expect(versions(plan(files, rows, { direction: 'down', to: '1' }))).toEqual(['2', '3']);
    expect(versions(plan(files, rows, { direction: 'down', to: '0' }))).toEqual(['2', '3', '1']);
  });

  it('uses the stored text of a deleted file, and says so', () => {
    const result = plan(['1', '3'], rows, { direction: 'down' });
    expect(versions(result)).toEqual(['2']);
    expect(result.steps[0]?.migration).toBeUndefined();
    expect(result.warnings).toEqual(['2 step 2: no file here, the text stored in the ledger is used']);
  });

  it('goes on with an unfinished down, and refuses one whose up is unfinished', () => {
    const progress = { direction: 'down' as const, total: 2, done: 1, prefix: 'x', inFlight: null };
    const half = row('1', 1, { status: 'failed', progress });
    expect(versions(plan(['1'], [half], { direction: 'down' }))).toEqual(['1']);
    const upward = { ...half, progress: { ...progress, direction: 'up' as const } };
    expect(plan(['1'], [upward], { direction: 'down' }).refusal?.code).toBe('unfinished');
    expect(plan(['1'], [half]).refusal?.code).toBe('unfinished');
  });

  it('property: down --all undoes exactly what up has done, in reverse', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { maxLength: 20 }), (numbers) => {
        const applied = numbers.map(String).map((version, i) => row(version, i + 1));
        const back = plan(numbers.map(String), applied, { direction: 'down', all: true });
        expect(versions(back)).toEqual(numbers.map(String).reverse());
      }),
    );
  });
});
