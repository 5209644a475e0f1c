import { describe, expect, test } from 'vitest';
import type { Shard } from '../../../src/config/config.js';
import { selectShards } from '../../../src/config/select.js';
import { parseSelector } from '../../../src/config/selector.js';
import { sqlite } from '../../../src/dialects/sqlite/index.js';
import { DbpatError } from '../../../src/errors.js';

function shard(name: string, group?: string, labels: Record<string, string> = {}): Shard {
  return {
    name,
    dialect: sqlite,
    target: sqlite.parseUrl(`sqlite:${name}.db`, '/base'),
    replicas: [],
    ...(group === undefined ? {} : { group }),
    labels,
    protected: false,
    tls: { mode: 'off' },
    onConnect: [],
  };
}

const shards = [
  shard('eu-1', 'eu', { tier: 'gold' }),
  shard('eu-2', 'eu'),
  shard('us-1', 'us', { tier: 'gold', note: '' }),
  shard('edge'),
];

describe('selectors pick shards in the order of the config', () => {
  test.each([
    [[], 'eu-1 eu-2 us-1 edge'],
    [['edge'], 'edge'],
    [['us-1', 'eu-1', 'eu-1'], 'eu-1 us-1'],
    [['eu-*'], 'eu-1 eu-2'],
    [['*-1'], 'eu-1 us-1'],
    [['??-?'], 'eu-1 eu-2 us-1'],
    [['*'], 'eu-1 eu-2 us-1 edge'],
    [['*e*'], 'eu-1 eu-2 edge'],
    [['group:us', 'edge'], 'us-1 edge'],
    [['label:tier=gold'], 'eu-1 us-1'],
    [['label:note='], 'us-1'],
  ])('%j', (selectors, expected) => {
    expect(
      selectShards(shards, selectors)
        .map(({ name }) => name)
        .join(' '),
    ).toBe(expected);
  });
});

test.each([
  ['eu-3', "no shard is named 'eu-3'; did you mean eu-1?"],
  ['zzzzzz', "no shard is named 'zzzzzz'"],
  ['ap-*', "no shard matches 'ap-*'"],
  ['group:uss', "no shard is in the group 'uss'; did you mean us?"],
  ['label:tier=lead', "no shard has the label 'tier=lead'"],
  ['label:constructor=x', "no shard has the label 'constructor=x'"],
  ['25%', "'25%' picks no shards"],
  ['a b', "'a b' picks no shards"],
  ['', "'' picks no shards"],
])('%j picks nothing', (selector, message) => {
  try {
    selectShards(shards, ['*', selector]);
  } catch (error) {
    expect(error).toBeInstanceOf(DbpatError);
    expect(error).toMatchObject({ code: 'usage', exitCode: 2, message });
    return;
  }
  throw new Error('accepted');
});

test('F165 a glob of many stars is quick', () => {
  const long = shard('a'.repeat(128));
  const started = performance.now();
  expect(() => selectShards([long], [`${'*a'.repeat(60)}*b`])).toThrow(/no shard matches/);
  expect(performance.now() - started).toBeLessThan(100);
});

test.each([
  ['25%', { kind: 'percent', percent: 25 }],
  ['0.5%', { kind: 'percent', percent: 0.5 }],
  ['0%', undefined],
  ['101%', undefined],
  ['label:a=b=c', { kind: 'label', key: 'a', value: 'b=c' }],
  ['label:a', undefined],
  ['group:', undefined],
])('parseSelector(%j)', (text, expected) => {
  expect(parseSelector(text)).toEqual(expected);
});
