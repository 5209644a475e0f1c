import { nearest } from '../dialects/url.js';

export { nearest };

/** `; did you mean X?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** For messages: on one line, without control characters, cut. */
export function printable(text: string): string {
  const flat = text.replace(/[\p{C}\u2028\u2029]/gu, '?');
  return flat.length > 60 ? `${flat.slice(0, 59)}…` : flat;
}
