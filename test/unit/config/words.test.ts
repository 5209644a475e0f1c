import { expect, test } from 'vitest';
import { parseDuration } from '../../../src/config/durations.js';
import { didYouMean, printable } from '../../../src/config/nearest.js';
import { defineConfig, type RawConfig } from '../../../src/config/raw.js';

test.each([
  ['250ms', 250],
  ['10s', 10_000],
  ['5m', 300_000],
  ['24h', 86_400_000],
  ['0', 0],
  ['0s', 0],
])('the duration %s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '5', '1.5s', '-1s', '10 s', '5 minutes', '1d', 's', '1S'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('a nearest word is offered, or none', () => {
  expect(didYouMean('shrads', ['shards', 'waves'])).toBe('; did you mean shards?');
  expect(didYouMean('x', ['shards', 'waves'])).toBe('');
});

test('F159 foreign text stays on its line', () => {
  expect(printable('a\u001b[31m\r\nb\u2028')).toBe('a?[31m??b?');
  expect(printable('x'.repeat(99))).toHaveLength(60);
});

test('defineConfig gives back what it got', () => {
  const config = { shards: [{ name: 'a', url: undefined }], outOfOrder: 'allow' } satisfies RawConfig;
  expect(defineConfig(config)).toBe(config);
});
