import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Place {
  /** Absolute. */
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column?: number;
}

/**
 * Where in the project an import failed: the place a syntax error names, else the innermost stack frame that is in
 * `path` or elsewhere under `root` (packages excepted). Undefined when the error does not say.
 * `exact`: the code ran as written; otherwise only lines are those of the file.
 */
export function placeOf(thrown: unknown, path: string, root: string, exact: boolean): Place | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const place = placeOfSyntax(thrown) ?? placeOfHeader(thrown.stack ?? '');
  if (place !== undefined) return place;
  const frame = placeOfFrame(thrown, path, root);
  return frame === undefined || exact ? frame : { path: frame.path, line: frame.line };
}

/** jiti's: the message ends with the file, the line and a column that counts from 0. */
function placeOfSyntax(error: Error): Place | undefined {
  const match = /^ParseError: [\s\S]*\n (.+):(\d+):(\d+)$/.exec(error.message);
  if (match === null) return undefined;
  return { path: match[1]!, line: Number(match[2]), column: Number(match[3]) + 1 };
}

/** V8's syntax errors: `file:line`, the line itself, a caret under the column. */
function placeOfHeader(stack: string): Place | undefined {
  const lines = stack.split('\n');
  const head = /^((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+)(?::(\d+))?$/.exec(lines[0] ?? '');
  if (head === null) return undefined;
  const caret = lines[2]?.indexOf('^') ?? -1;
  const column = head[3] !== undefined ? Number(head[3]) : caret >= 0 ? caret + 1 : undefined;
  const place = { path: toPath(head[1]!), line: Number(head[2]) };
  return column === undefined ? place : { ...place, column };
}

function placeOfFrame(error: Error, path: string, root: string): Place | undefined {
  for (const line of (error.stack ?? '').split('\n')) {
    const frame = /(?:\(|at (?:async )?)((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*?):(\d+):(\d+)\)?$/.exec(line);
    if (frame === null) continue;
    const file = toPath(frame[1]!);
    const ours = file.startsWith(root + sep) && !file.includes(`${sep}node_modules${sep}`);
    if (file === path || ours) return { path: file, line: Number(frame[2]), column: Number(frame[3]) };
  }
  return undefined;
}

function toPath(file: string): string {
  return file.startsWith('file://') ? fileURLToPath(file.replace(/\?.*$/, '')) : file;
}
