import { mapTexts } from './clean.js';
import type { Redactor } from './redact.js';

/** One line of JSON: no secrets, and nothing that a terminal or a CI runner would obey. Parses to the same text. */
export function jsonLine(value: unknown, redactor: Redactor): string {
  return harmless(JSON.stringify(mapTexts(value, redactor.hide)));
}

/** The same for plain data without bigints, which is looked through as one text where it holds nothing to hide. */
export function resultLine(value: unknown, redactor: Redactor): string {
  const text = JSON.stringify(value);
  return redactor.hide(text) === text ? harmless(text) : jsonLine(value, redactor);
}

function harmless(json: string): string {
  return json
    .replace(
      /[\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    .replace(/##(?=\w*\[)/g, '#\\u0023');
}
