import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Facts, judge, type Trace, type Verdict } from '../../../src/dialects/trace.js';

const present: Trace = { objects: [['table', '', 'a']], changes: [{ to: 'present', fact: 'table a' }] };
const absent: Trace = { ...present, changes: [{ to: 'absent', fact: 'table a' }] };
const changed: Trace = { ...present, changes: [{ to: 'changed', fact: 'column a.b' }] };
const both: Trace = {
  objects: [['detail', '', 'a']],
  changes: [
    { to: 'present', fact: 'column a.b' },
    { to: 'absent', fact: 'index a.i 1' },
  ],
};
const unnamed: Trace = { ...present, changes: [{ to: 'new', fact: 'index a.*' }] };
const named: Trace = { ...present, changes: [{ to: 'absent', fact: 'constraint a.c:*' }] };
const swapped: Trace = {
  ...present,
  changes: [
    { to: 'moved', fact: 'table a', from: 'table b' },
    { to: 'moved', fact: 'table b', from: 'table a' },
  ],
  opaque: true,
};
const concurrent: Trace = {
  objects: [['index', 't', 'i']],
  changes: [{ to: 'present', fact: 'index i' }],
  sweep: 'drop index concurrently if exists',
};
const restarted: Trace = { ...absent, restart: true };
const halfSeen: Trace = { ...both, opaque: true };
const a = { 'table a': 'x' };

describe('what became of a statement', () => {
  it.each<[string, Trace, Facts, Facts, Verdict]>([
    ['made', present, {}, a, 'done'],
    ['not made', present, {}, {}, 'not-done'],
    ['was there already', present, a, a, 'not-done'],
    ['was there and is another', present, a, { 'table a': 'y' }, 'unknown'],
    ['dropped', absent, a, {}, 'done'],
    ['not dropped', absent, a, a, 'not-done'],
    ['never was there', absent, {}, {}, 'not-done'],
    ['came instead of going', absent, {}, a, 'unknown'],
    ['changed', changed, { 'column a.b': '1' }, { 'column a.b': '2' }, 'done'],
    ['changed to the same', changed, { 'column a.b': '1' }, { 'column a.b': '1' }, 'not-done'],
    ['is gone instead of changed', changed, { 'column a.b': '1' }, {}, 'unknown'],
    ['all parts', both, { 'index a.i 1': '' }, { 'column a.b': '' }, 'done'],
    ['one part of two', both, { 'index a.i 1': '' }, { 'index a.i 1': '', 'column a.b': '' }, 'unknown'],
    ['no part', both, { 'index a.i 1': '' }, { 'index a.i 1': '' }, 'not-done'],
    [
      'no part, and something else is another',
      both,
      { 'index a.i 1': '' },
      { 'index a.i 1': 'c' },
      'unknown',
    ],
    [
      'a name of the server’s choice',
      unnamed,
      { 'index a.p 1': '' },
      { 'index a.p 1': '', 'index a.b 1': '' },
      'done',
    ],
    ['no new name', unnamed, { 'index a.p 1': '' }, { 'index a.p 1': '' }, 'not-done'],
    ['gone by its beginning', named, { 'constraint a.c:check': '' }, {}, 'done'],
    ['swapped', swapped, { 'table a': '1', 'table b': '2' }, { 'table a': '2', 'table b': '1' }, 'done'],
    [
      'not swapped',
      swapped,
      { 'table a': '1', 'table b': '2' },
      { 'table a': '1', 'table b': '2' },
      'not-done',
    ],
    ['twins', swapped, { 'table a': '1', 'table b': '1' }, { 'table a': '1', 'table b': '1' }, 'unknown'],
    ['built', concurrent, {}, { 'index i': '7' }, 'done'],
    ['left invalid', concurrent, {}, { 'leftover s.i': '7' }, 'not-done'],
    [
      'an invalid one of somebody else',
      concurrent,
      { 'leftover s.i': '7' },
      { 'leftover s.i': '7' },
      'not-done',
    ],
    ['taken up again', restarted, a, { 'table a': 'half' }, 'not-done'],
    ['finished', restarted, a, {}, 'done'],
    ['seen in part: done', halfSeen, { 'index a.i 1': '' }, { 'column a.b': '' }, 'done'],
    ['seen in part: not done', halfSeen, { 'index a.i 1': '' }, { 'index a.i 1': '' }, 'not-done'],
    ['nothing to be seen', { objects: [], changes: [], opaque: true }, {}, {}, 'unknown'],
    ['gone with its session', { objects: [], changes: [] }, {}, {}, 'not-done'],
  ])('%s', (_name, trace, before, now, verdict) => {
    expect(judge(trace, before, now).verdict).toBe(verdict);
  });

  it('takes away only what was not there before', () => {
    const found = judge(concurrent, { 'leftover s.old': '' }, { 'leftover s.old': '', 'leftover "S".i': '' });
    expect(found.sweep).toEqual([{ sql: 'drop index concurrently if exists "S".i' }]);
  });

  it('says what it was and what it is', () => {
    const found = judge(both, { 'index a.i 1': '' }, { 'index a.i 1': '', 'column a.b': '' });
    expect([found.before, found.now]).toEqual(['no column a.b, index a.i', 'column a.b, index a.i']);
    const other = judge(present, a, { 'table a': 'y' });
    expect([other.before, other.now]).toEqual(['table a', 'another table a']);
  });

  it('property: what is as before is never done, and nothing that lacks a change is', () => {
    const facts = fc.dictionary(
      fc.constantFrom('table a', 'column a.b', 'index a.i 1', 'index a.j 1'),
      fc.constantFrom('1', '2'),
    );
    const traces = fc.constantFrom(present, absent, changed, both, unnamed, named, swapped, halfSeen);
    fc.assert(
      fc.property(traces, facts, facts, (trace, before, now) => {
        expect(judge(trace, before, before).verdict).not.toBe('done');
        const { verdict } = judge(trace, before, now);
        if (verdict === 'not-done') expect(now).toEqual(before);
        const missing = trace.changes.some(({ to, fact }) => to === 'present' && !(fact in now));
        if (missing) expect(verdict).not.toBe('done');
      }),
    );
  });
});
