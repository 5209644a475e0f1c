import { DbpatError } from '../errors.js';

/** Where a text starts in its file: 1-based line and UTF-16 offset. A text always starts at column 1. */
export interface Origin {
  readonly line: number;
  readonly offset: number;
}

export interface Source {
  readonly text: string;
  readonly origin: Origin;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Places of ascending offsets, in time linear over all of them. */
export function placeFinder(source: Source): (offset: number) => Place {
  const { text, origin } = source;
  let line = origin.line;
  let lineStart = 0;
  let newline = text.indexOf('\n');
  return (offset) => {
    while (newline !== -1 && newline < offset) {
      line += 1;
      lineStart = newline + 1;
      newline = text.indexOf('\n', lineStart);
    }
    return { line, column: offset - lineStart + 1 };
  };
}

/** @throws DbpatError `sql_invalid`, always, at the offset. */
export function refuse(source: Source, offset: number, message: string, hint: string): never {
  throw new DbpatError('sql_invalid', message, { ...placeFinder(source)(offset), hint });
}
