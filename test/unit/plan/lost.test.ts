import { expect, it } from 'vitest';
import type { LogLine } from '../../../src/ledger/read.js';
import { describeLost, lostProblem, recordedVersions } from '../../../src/plan/lost.js';
import { resolveStatus } from '../../../src/plan/status.js';
import { migration } from './fixtures.js';

function lines(...events: readonly string[]): LogLine[] {
  return events.map((written, seq) => {
    const [event = '', version = '', action] = written.split(' ');
    const [own, phase = 'up'] = version.split(':');
    return {
      seq,
      at: '',
      runId: 'r',
      version: own === '' ? null : own!,
      phase,
      direction: 'up',
      event,
      actor: 'a@b',
      detail: action === undefined ? null : { action },
    };
  });
}

it.each([
  ['nothing', [], []],
  ['what was applied, by version', ['apply 10', 'apply 9'], ['9', '10']],
  ['not what was reverted, in whatever spelling', ['apply 001', 'revert 1'], []],
  ['what was applied again', ['apply 1', 'revert 1', 'apply 1'], ['1']],
  ['not what failed', ['fail 1', 'resume 1'], []],
  ['what was baselined or adopted', ['baseline 1', 'adopt 2'], ['1', '2']],
  ['what was repaired in and out', ['repair 1 applied', 'apply 2', 'repair 2 reverted'], ['1']],
  ['not what was only accepted', ['repair 1 accept'], []],
  [
    'a version of which one phase is left',
    ['apply 1:expand', 'apply 1:backfill', 'revert 1:backfill'],
    ['1'],
  ],
  ['lines about no version', ['release'], []],
])('a log records %s', (_name, events, expected) => {
  expect(recordedVersions(lines(...events))).toEqual(expected);
});

it('F15 the way out names the newest lost version that has a file', () => {
  const status = resolveStatus([migration('1'), migration('2')], []);
  expect(lostProblem(['1', '2', '3'], status, ' --shard a')).toEqual({
    code: 'history_lost',
    version: '3',
    message: 'the ledger is empty, but its log says that 3 migrations, up to 3, were applied',
    hint: 'restore its rows, or mark what is in the database: dbpat migrate baseline 2 --shard a --reason TEXT',
  });
  expect(lostProblem(['7'], status).hint).toBe('restore the rows of the ledger from a backup');
  expect(describeLost(['7'])).toBe('the ledger is empty, but its log says that 7 was applied');
});
