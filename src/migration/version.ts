const ZERO = 48;

/**
 * Orders versions: parts between dots as integers of any length, a missing part as 0. Never by date, locale or float.
 * Negative, 0 or positive; a total order, 0 exactly when `versionKey` is equal.
 */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  if (!a.includes('.') && !b.includes('.')) return compareIntegers(a, b);
  const left = a.split('.');
  const right = b.split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = compareIntegers(left[i] ?? '', right[i] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/** The same text for versions that are the same number, `1`, `001` and `1.0`: a key for maps. */
export function versionKey(version: string): string {
  if (!version.includes('.')) return withoutZeros(version) || '0';
  const parts = version.split('.').map((part) => withoutZeros(part) || '0');
  while (parts.length > 1 && parts.at(-1) === '0') parts.pop();
  return parts.join('.');
}

function compareIntegers(a: string, b: string): number {
  const left = withoutZeros(a);
  const right = withoutZeros(b);
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

function withoutZeros(digits: string): string {
  if (digits.charCodeAt(0) !== ZERO) return digits;
  let start = 1;
  while (digits.charCodeAt(start) === ZERO) start++;
  return digits.slice(start);
}

export interface ParsedName {
  /** As written, separators inside a stamp dropped, parts joined by dots. */
  readonly version: string;
  /** Words; never empty. */
  readonly description: string;
}

/** Flyway: `V1_10__x`, `V13.1__x`. */
const flyway = /^[Vv](\d+(?:[._]\d+)*)__/;
/** `2018-01-14-171611`, diesel's `2018-01-14-171611-0000`, `20230309T045948368Z`, umzug's `2023.03.09T04.59.48`. */
const stamp =
  /^[Vv]?((?:[12]\d{3}-\d{2}-\d{2}(?:-\d{6}(?:-\d{4})?)?)|(?:\d{8}T\d{6,}Z?)|(?:\d{4}([-.])\d{2}\2\d{2}T\d{2}[-.]?\d{2}[-.]?\d{2}(?:[-.]?\d{3})?Z?))[-_.]/;
const plain = /^[Vv]?(\d+(?:\.\d+)*)[-_.]/;
/** A dot only between digits: any other one would hide a misspelt `.up`, `.down` or dialect. */
const words = /^[A-Za-z0-9_-]+(?:(?<=\d)\.(?=\d)[A-Za-z0-9_-]+)*$/;

/**
 * Reads `VERSION_description` (a name without extension, direction and dialect); separators `_`, `-` and `.`.
 * Undefined when it is not of that shape.
 */
export function parseName(stem: string): ParsedName | undefined {
  const parts = flyway.exec(stem);
  if (parts !== null) return named(parts[1]!.replaceAll('_', '.'), stem.slice(parts[0].length));
  const stamped = stamp.exec(stem);
  if (stamped !== null) return named(stamped[1]!.replace(/[-.TZ]/g, ''), stem.slice(stamped[0].length));
  const digits = plain.exec(stem);
  return digits === null ? undefined : named(digits[1]!, stem.slice(digits[0].length));
}

function named(version: string, rest: string): ParsedName | undefined {
  if (!words.test(rest)) return undefined;
  const description = rest.replace(/[_-]+/g, ' ').trim();
  return description === '' ? undefined : { version, description };
}
