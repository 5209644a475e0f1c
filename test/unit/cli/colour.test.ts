import { expect, it } from 'vitest';
import { type ColourFacts, colourLevel, createPaint } from '../../../src/cli/output/colour.js';

const facts = (more: Partial<ColourFacts>): ColourFacts => ({
  refused: false,
  env: {},
  isTTY: true,
  ...more,
});

it.each<[string, Partial<ColourFacts>, number]>([
  ['a terminal', {}, 1],
  ['no terminal', { isTTY: false }, 0],
  ['--no-color before FORCE_COLOR', { refused: true, env: { FORCE_COLOR: '3' } }, 0],
  [
    'FORCE_COLOR before NO_COLOR and no terminal',
    { isTTY: false, env: { FORCE_COLOR: '1', NO_COLOR: '1' } },
    1,
  ],
  ['FORCE_COLOR=0', { env: { FORCE_COLOR: '0' } }, 0],
  ['NO_COLOR', { env: { NO_COLOR: '1' } }, 0],
  ['an empty NO_COLOR', { env: { NO_COLOR: '' } }, 1],
  ['TERM=dumb', { env: { TERM: 'dumb' } }, 0],
  ['CI alone', { isTTY: false, env: { CI: 'true' } }, 0],
])('%s', (_name, given, level) => {
  expect(colourLevel(facts(given))).toBe(level);
});

it('a style takes one text, also from map', async () => {
  const paint = await createPaint(1);
  expect(['a', 'b'].map(paint.dim)).toEqual(['\u001b[2ma\u001b[22m', '\u001b[2mb\u001b[22m']);
});
