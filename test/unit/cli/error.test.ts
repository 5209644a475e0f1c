import { expect, it } from 'vitest';
import { createPaint } from '../../../src/cli/output/colour.js';
import { errorLines } from '../../../src/cli/output/pretty/error.js';
import type { ErrorReport } from '../../../src/run/results.js';

const file = 'migrations/1_x.ts';
const rows: readonly [string, Partial<ErrorReport>, readonly string[]][] = [
  ['a place it does not say', { message: 'no up', file, line: 3, column: 1 }, [`error: ${file}:3:1: no up`]],
  [
    'a file it says',
    { message: `cannot load ${file}: boom`, file, line: 3 },
    [`error: cannot load ${file}:3: boom`],
  ],
  [
    'a place it says',
    { message: `${file}:3:1: boom`, file, line: 3, column: 1 },
    [`error: ${file}:3:1: boom`],
  ],
  [
    'another file than it says',
    { message: `cannot load ${file}: boom`, file: 'lib/$&.ts', line: 9 },
    [`error: lib/$&.ts:9: cannot load ${file}: boom`],
  ],
  [
    'one fault',
    { message: `${file} is no name`, file, faults: [{ path: file, message: 'is no name' }] },
    [`error: ${file} is no name`],
  ],
  [
    'faults it does not say',
    { message: 'refused', faults: [{ path: 'a', message: 'b' }], hint: 'c' },
    ['error: refused', '  a: b', '  next: c'],
  ],
];

it.each(rows)('an error shows %s once', async (_, error, lines) => {
  expect(errorLines({ code: 'x', message: '', ...error }, await createPaint(0))).toEqual(lines);
});
