import type { LexOptions } from '../sql/statement.js';
import type { Query } from './dialect.js';

/**
 * What the catalogue said of some objects at one moment: a fact's name (`column orders.total`) with a short text that
 * stands for its definition. What is not there has no entry.
 */
export type Facts = Readonly<Record<string, string>>;

/** One thing that a statement changes. A `fact` that ends with `*` stands for every fact that begins so. */
export type Change =
  | { readonly to: 'present' | 'absent' | 'changed'; readonly fact: string }
  /** A fact that was not there before, under a name that the server chooses. */
  | { readonly to: 'new'; readonly fact: string }
  /** `fact` is afterwards what `from` was before. */
  | { readonly to: 'moved'; readonly fact: string; readonly from: string };

/** How a statement shows in the catalogue: plain data, kept in the journal beside the facts from before. */
export interface Trace {
  /** What the dialect is to read; only it knows the words. */
  readonly objects: readonly (readonly string[])[];
  readonly changes: readonly Change[];
  /** It may take effect without any fact being another: the same facts prove nothing. */
  readonly opaque?: true;
  /** What it leaves when it is interrupted is finished by sending it again. */
  readonly restart?: true;
  /** Facts named `leftover X` that were not there before are remains: this text, then X, takes them away. */
  readonly sweep?: string;
}

export type Verdict = 'done' | 'not-done' | 'unknown';

export interface Judgement {
  readonly verdict: Verdict;
  /** What decided it, as facts for people: what it was, what it is. */
  readonly before: string;
  readonly now: string;
  /** To be run before the statement is sent again. */
  readonly sweep: readonly Query[];
}

/** The catalogue of a dialect whose statements commit by themselves. */
export interface Tracing {
  /** Undefined: the catalogue does not show whether this statement took effect. Pure. */
  read(statement: string, options: LexOptions): Trace | undefined;
  /** A scalar expression: the facts of a trace's objects, as a JSON object in text. */
  facts(trace: Trace): Query;
  /** A scalar expression: where names without a schema are looked for, as a JSON text. */
  readonly place: string;
  /** Makes the session look there. */
  enter(place: string): Query;
}

const leftover = 'leftover ';

/**
 * Whether a statement took effect, from what the catalogue said before it was sent and says now. Pure. `done` only when
 * every change that can be seen is there; `not-done` only when nothing is different, or when it can be taken up again.
 */
export function judge(trace: Trace, before: Facts, now: Facts): Judgement {
  const seen = trace.changes.map((change) => look(change, before, now));
  const remains = Object.keys(now).filter((key) => key.startsWith(leftover) && !(key in before));
  const swept = trace.sweep !== undefined && remains.length > 0;
  const same = isSame(before, now);
  const done = !swept && seen.includes('yes') && !seen.includes('no');
  const untouched = same && (!trace.opaque || seen.includes('no'));
  const again = trace.restart === true || swept || untouched;
  return {
    verdict: done ? 'done' : again ? 'not-done' : 'unknown',
    before: describe(trace, before),
    now: same ? `as before${untouched ? '' : ', which it is either way'}` : describe(trace, now, before),
    sweep: swept ? remains.map((key) => ({ sql: `${trace.sweep!} ${key.slice(leftover.length)}` })) : [],
  };
}

/** Whether a change is there; `silent` when it cannot be told from its absence. */
function look(change: Change, before: Facts, now: Facts): 'yes' | 'no' | 'silent' {
  const was = textOf(change.fact, before);
  const is = textOf(change.fact, now);
  switch (change.to) {
    case 'present':
      return is === undefined ? 'no' : was === undefined ? 'yes' : 'silent';
    case 'absent':
      return is !== undefined ? 'no' : was !== undefined ? 'yes' : 'silent';
    case 'changed':
      if (is === was) return is === undefined ? 'no' : 'silent';
      return is === undefined && !change.fact.endsWith('*') ? 'no' : 'yes';
    case 'new':
      return keysOf(change.fact, now).some((key) => !(key in before)) ? 'yes' : 'no';
    case 'moved': {
      const source = textOf(change.from, before);
      if (is === undefined) return 'no';
      return is !== source ? 'no' : was === source ? 'silent' : 'yes';
    }
  }
}

function keysOf(fact: string, facts: Facts): readonly string[] {
  if (!fact.endsWith('*')) return fact in facts ? [fact] : [];
  const start = fact.slice(0, -1);
  return Object.keys(facts)
    .filter((key) => key.startsWith(start))
    .sort();
}

function textOf(fact: string, facts: Facts): string | undefined {
  const keys = keysOf(fact, facts);
  const length = fact.endsWith('*') ? fact.length - 1 : fact.length;
  return keys.length === 0 ? undefined : keys.map((key) => `${key.slice(length)}=${facts[key]}`).join('\n');
}

function isSame(a: Facts, b: Facts): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The facts that the statement is about, as a sentence; at most five, what differs from `before` first. */
function describe(trace: Trace, facts: Facts, before?: Facts): string {
  const about = trace.changes.length === 0 ? Object.keys(facts) : trace.changes.map(({ fact }) => fact);
  const words = [...new Set(about)].map((fact) => {
    const name = fact.replace(/[ :]?\*$/, '').replace(/ 1$/, '');
    const value = textOf(fact, facts);
    if (value === undefined) return { name, text: `no ${name}`, rank: 1 };
    const other = before !== undefined && textOf(fact, before) !== value;
    return {
      name,
      text: other && textOf(fact, before) !== undefined ? `another ${name}` : name,
      rank: other ? 0 : 1,
    };
  });
  const extra =
    before === undefined
      ? []
      : differing(before, facts)
          .filter(
            (key) =>
              !about.some((fact) => keysOf(fact, facts).includes(key) || keysOf(fact, before).includes(key)),
          )
          .map((key) => ({ name: key, text: key in facts ? `another ${key}` : `no ${key}`, rank: 2 }));
  const all = [...words, ...extra].sort((a, b) => a.rank - b.rank).map(({ text }) => text);
  if (all.length === 0) return 'nothing of it';
  return all.length > 5 ? `${all.slice(0, 5).join(', ')} and ${all.length - 5} more` : all.join(', ');
}

function differing(a: Facts, b: Facts): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]).sort();
}
