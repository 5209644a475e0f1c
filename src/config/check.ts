import type { Fault } from '../errors.js';
import { parseDuration } from './durations.js';
import { didYouMean, nearest, printable } from './nearest.js';

/**
 * Reads an untrusted value. What is wrong goes to `faults`, and the result is undefined. Messages name what was
 * expected and the kind of what was found, never a value: any text of a config may be a secret in the wrong place.
 */
export type Check<T> = (value: unknown, path: string, faults: Fault[]) => T | undefined;

/** What a check returns when all is well. */
export type Checked<C> = C extends Check<infer T> ? T : never;

/** Stands for a text whose environment variable is not set: a fault already, or of an environment not chosen. */
export const unresolved: unique symbol = Symbol('unresolved');

/** Kind of a value, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing (undefined)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'boolean') return String(value);
  return `a ${typeof value}`;
}

function mismatch(faults: Fault[], path: string, expected: string, value: unknown): undefined {
  faults.push({ path, message: `expected ${expected}, found ${kindOf(value)}` });
}

/** A non-empty text that holds no NUL. */
export const text: Check<string> = (value, path, faults) => {
  if (typeof value !== 'string' || value === '') return mismatch(faults, path, 'a text', value);
  if (!value.includes('\0')) return value;
  faults.push({ path, message: 'holds a NUL' });
  return undefined;
};

/** A text that people will read: without control characters. */
export const line: Check<string> = (value, path, faults) => {
  const checked = text(value, path, faults);
  if (checked === undefined || !/\p{Cc}/u.test(checked)) return checked;
  faults.push({ path, message: 'holds control characters' });
  return undefined;
};

export const flag: Check<boolean> = (value, path, faults) =>
  typeof value === 'boolean' ? value : mismatch(faults, path, 'true or false', value);

/** A text that matches; `expected` says what it has to be. */
export function pattern(rule: RegExp, expected: string): Check<string> {
  return (value, path, faults) => {
    if (typeof value !== 'string') return mismatch(faults, path, expected, value);
    if (rule.test(value)) return value;
    faults.push({ path, message: `expected ${expected}, found another text` });
    return undefined;
  };
}

export function oneOf<const T extends string>(...words: readonly T[]): Check<T> {
  const expected = words.map((word) => `'${word}'`).join(' or ');
  return (value, path, faults) => {
    if (typeof value !== 'string' || value === '') return mismatch(faults, path, expected, value);
    if ((words as readonly string[]).includes(value)) return value as T;
    faults.push({ path, message: `expected ${expected}, found another text${didYouMean(value, words)}` });
    return undefined;
  };
}

/** A whole number in a range, both ends included. */
export function whole(min: number, max: number): Check<number> {
  const expected = `a whole number from ${min} to ${max}`;
  return (value, path, faults) => {
    if (typeof value !== 'number') return mismatch(faults, path, expected, value);
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    return mismatch(faults, path, expected, value);
  };
}

/** A number above 0, up to 1. */
export const share: Check<number> = (value, path, faults) =>
  typeof value === 'number' && value > 0 && value <= 1
    ? value
    : mismatch(faults, path, 'a number above 0, up to 1', value);

/** The longest time a timer of Node and a setting of PostgreSQL can hold: 2^31 - 1 ms. */
const maxTimerMs = 2_147_483_647;

/** Milliseconds. */
export function duration(maxMs = maxTimerMs): Check<number> {
  return (value, path, faults) => {
    if (value === 0) return 0;
    if (typeof value === 'number') {
      faults.push({ path, message: "expected a duration such as '10s', found a number without a unit" });
      return undefined;
    }
    if (typeof value !== 'string') return mismatch(faults, path, "a duration such as '10s'", value);
    const ms = parseDuration(value);
    if (ms !== undefined && ms <= maxMs) return ms;
    const reason = ms === undefined ? 'found another text' : 'found a longer time than can be waited (596h)';
    faults.push({ path, message: `expected a duration (250ms, 10s, 5m, 24h, 0), ${reason}` });
    return undefined;
  };
}

export const hook: Check<(context: unknown) => unknown> = (value, path, faults) =>
  typeof value === 'function'
    ? (value as (context: unknown) => unknown)
    : mismatch(faults, path, 'a function', value);

export function listOf<T>(item: Check<T>): Check<readonly T[]> {
  return (value, path, faults) => {
    if (!Array.isArray(value)) return mismatch(faults, path, 'a list', value);
    const items: T[] = [];
    for (let i = 0; i < value.length; i++) {
      if (value[i] === unresolved) continue;
      const checked = item(value[i], `${path}[${i}]`, faults);
      if (checked !== undefined) items.push(checked);
    }
    return items;
  };
}

/** Any object but a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `a.b`, or `a['odd key']`; a key is not taken for a secret. */
export function keyPath(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}['${printable(key)}']`;
  return path === '' ? key : `${path}.${key}`;
}

/** Free names, one check for all values. */
export function recordOf<T>(item: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value, path, faults) => {
    if (!isObject(value)) return mismatch(faults, path, 'an object', value);
    const entries = Object.entries(value).flatMap(([key, field]) => {
      if (field === undefined || field === unresolved) return [];
      const checked = item(field, keyPath(path, key), faults);
      return checked === undefined ? [] : [[key, checked] as const];
    });
    return Object.fromEntries(entries);
  };
}

type Fields = Readonly<Record<string, Check<any>>>;
type Shape<F extends Fields, R extends keyof F> = {
  readonly [K in Exclude<keyof F, R>]?: Checked<F[K]>;
} & { readonly [K in R]: Checked<F[K]> };

/** Known fields only; undefined counts as absent. A result stands for a whole object: fields with faults are left out. */
export function shape<F extends Fields, const R extends keyof F & string = never>(
  fields: F,
  required: readonly R[] = [],
): Check<Shape<F, R>> {
  const known = Object.keys(fields);
  return (value, path, faults) => {
    if (!isObject(value)) return mismatch(faults, path === '' ? 'config' : path, 'an object', value);
    const result: Record<string, unknown> = {};
    const present = new Set<string>();
    for (const [key, field] of Object.entries(value)) {
      if (!Object.hasOwn(fields, key)) {
        const near = nearest(key, known);
        if (near !== undefined) present.add(near);
        faults.push({ path: keyPath(path, key), message: `unknown key${didYouMean(key, known)}` });
      } else if (field !== undefined) {
        present.add(key);
        const checked = field === unresolved ? undefined : fields[key]!(field, keyPath(path, key), faults);
        if (checked !== undefined) result[key] = checked;
      }
    }
    const missing = required.filter((key) => !present.has(key));
    for (const key of missing) faults.push({ path: keyPath(path, key), message: 'is missing' });
    return required.every((key) => Object.hasOwn(result, key)) ? (result as Shape<F, R>) : undefined;
  };
}
