import { inspect } from 'node:util';

/** C0 without tab and line feed, DEL, C1, and what reorders or hides text. */
const controls =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
const controlsOrColour = new RegExp(`\\x1b\\[[\\d;]{0,20}m|${controls.source}`, 'g');
const workflowStart = /^((?:\x1b\[[\d;]*m|\s)*)::/gm;
const workflowInside = /##(?=\w*\[)/g;

function escaped(char: string): string {
  const code = char.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Foreign text for a terminal: control characters are shown, not obeyed. Line ends stay, as LF. */
export function cleanText(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(controls, escaped);
}

/** Our own text just before it is printed: only colours pass, and no line is a command to a CI runner. */
export function cleanOutput(text: string): string {
  return text
    .replace(controlsOrColour, (found) => (found.length > 1 ? found : escaped(found)))
    .replace(workflowStart, '$1: :')
    .replace(workflowInside, '## ');
}

/** The same data with every text changed, keys included. Errors and other objects with a class become text. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  return mapAny(value, change) as T;
}

function mapAny(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapAny(item, change));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return change(inspect(value));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [change(name), mapAny(item, change)]),
  );
}
