import { expect, it } from 'vitest';
import { DbpatError, type ErrorCode } from '../../../src/errors.js';
import { runExitCode, type ShardEnd } from '../../../src/plan/outcome.js';
import { resolveStatus } from '../../../src/plan/status.js';
import { compareShards } from '../../../src/plan/verify.js';
import { migration, row } from './fixtures.js';

const done: ShardEnd = { outcome: 'applied', hadWork: true };
const idle: ShardEnd = { outcome: 'up-to-date', hadWork: false };
const failed = (code: ErrorCode, hadWork = true): ShardEnd => ({
  outcome: 'failed',
  hadWork,
  error: new DbpatError(code, 'x'),
});

it.each<[string, readonly ShardEnd[], number]>([
  ['nothing to do', [idle, idle], 0],
  ['all done', [done, idle], 0],
  ['no shard that had work finished it', [failed('migration_failed'), idle], 3],
  ['some finished, some did not', [done, failed('migration_failed')], 4],
  ['some finished, one was unreachable', [done, failed('unreachable', false)], 4],
  ['one up to date, one unreachable', [idle, failed('unreachable', false)], 8],
  [
    'the first of 11, 6, 7, 8, 3',
    [failed('migration_failed'), failed('unreachable'), failed('lock_timeout')],
    7,
  ],
  ['a decision comes first', [failed('history_changed'), failed('unfinished')], 11],
  ['a signal', [done, failed('interrupted')], 130],
  ['a refusal alone', [failed('irreversible')], 12],
])('%s', (_name, ends, code) => {
  expect(runExitCode(ends)).toBe(code);
});

it('names the shards that differ from the most', () => {
  const files = [migration('1'), migration('2')];
  const shard = (name: string, ...versions: string[]) => ({
    shard: name,
    status: resolveStatus(
      files,
      versions.map((version, i) => row(version, i + 1)),
    ),
  });
  expect(compareShards([shard('a', '1', '2'), shard('b', '1', '2'), shard('c', '1')])).toEqual([
    { version: '2', message: '2 step 2: not applied there', shards: ['c'] },
  ]);
  expect(compareShards([shard('a', '1'), shard('b', '1')])).toEqual([]);
});
