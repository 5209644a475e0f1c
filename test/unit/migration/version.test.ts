import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareVersions, parseName, versionKey } from '../../../src/migration/version.js';

const version = fc
  .array(
    fc.oneof(
      fc.nat({ max: 20 }).map((n) => String(n)),
      fc
        .tuple(fc.nat({ max: 3 }), fc.bigInt({ min: 0n, max: 10n ** 24n }))
        .map(([z, n]) => '0'.repeat(z) + n),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join('.'));

/** The rule, written the slow way. */
function slowCompare(a: string, b: string): number {
  const [left, right] = [a.split('.').map(BigInt), b.split('.').map(BigInt)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? 0n, right[i] ?? 0n];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

describe('compareVersions', () => {
  test.each([
    ['9', '10', -1],
    ['1', '001', 0],
    ['1.0', '1', 0],
    ['1.2', '1.10', -1],
    ['99999999999999999999', '100000000000000000000', -1],
    ['20261123120000', '9', 1],
    ['0', '000', 0],
  ])('%s and %s: %i', (a, b, order) => {
    expect([Math.sign(compareVersions(a, b)), Math.sign(compareVersions(b, a)) + 0]).toEqual([
      order,
      -order + 0,
    ]);
  });

  test('F93 is the order of integers, part by part, for versions of any length', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(Math.sign(compareVersions(a, b))).toBe(slowCompare(a, b));
        expect(versionKey(a) === versionKey(b)).toBe(compareVersions(a, b) === 0);
      }),
    );
  });

  test('F93 is a total order', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  test('any text is ordered, and none throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        expect(versionKey(a) === versionKey(b)).toBe(compareVersions(a, b) === 0);
      }),
    );
  });
});

describe('parseName', () => {
  test.each([
    ['0001_create_users', '0001', 'create users'],
    ['0009-add-index', '0009', 'add index'],
    ['1_x', '1', 'x'],
    ['12345678901234567890_x', '12345678901234567890', 'x'],
    ['1700000000_x', '1700000000', 'x'],
    ['20190000000000_x', '20190000000000', 'x'],
    ['2018-01-14-171611_x', '20180114171611', 'x'],
    ['2024-07-29-060301-0000_x_y', '202407290603010000', 'x y'],
    ['2018-19-98_x', '20181998', 'x'],
    ['20230309T045948368Z_x', '20230309045948368', 'x'],
    ['20230309T086800_x', '20230309086800', 'x'],
    ['2023.03.09T04.59.48.users', '20230309045948', 'users'],
    ['2023-03-09T04-59-48_users', '20230309045948', 'users'],
    ['1.2.3_x', '1.2.3', 'x'],
    ['1.2.x', '1.2', 'x'],
    ['V1_10__create_users', '1.10', 'create users'],
    ['V4_99_1561608282__x', '4.99.1561608282', 'x'],
    ['V13.1__x', '13.1', 'x'],
    ['V0001.Name', '0001', 'Name'],
    ['V1_x', '1', 'x'],
    ['0001_2fa', '0001', '2fa'],
    ['0001-2024_report', '0001', '2024 report'],
    ['0007_to_v1.2', '0007', 'to v1.2'],
    ['0001__x', '0001', 'x'],
  ])('%s', (stem, version, description) => {
    expect(parseName(stem)).toEqual({ version, description });
  });

  test.each([
    '',
    'x',
    '0001',
    '0001_',
    '0001__',
    '0001 x',
    '0001_x y',
    '0001x',
    'v_x',
    'R__views',
    '-1_x',
    '1e3_x',
    '0001_x.oracle',
    '0001_x.dwon',
    '0001_ä',
    '0001_x\n',
    '0001_x;drop',
    "0001_x'",
    '../0001_x',
  ])('%j is no name', (stem) => {
    expect(parseName(stem)).toBeUndefined();
  });

  test('F95 no name that parses holds anything but letters, digits, `_`, `-` and `.`', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (tail) => {
        const parsed = parseName(`0001_${tail}`);
        if (parsed !== undefined) expect(tail).toMatch(/^[A-Za-z0-9._-]+$/);
      }),
    );
  });
});
