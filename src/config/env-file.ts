import type { Fault } from '../errors.js';

const head = /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*/y;
const quoted = /"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/y;
const restOfLine = /([^\r\n]*)(?:\r?\n|\r|$)/y;
/** An empty line, or what may follow a quoted value. */
const nothing = /[ \t]*(?:#[^\r\n]*)?(?:\r?\n|\r|$)/y;

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * Variables of a dotenv file: `NAME=VALUE`, `export NAME=VALUE`, `#` comments; quoted values may span lines, and in double
 * quotes `\n`, `\r`, `\t`, `\"` and `\\` are escapes. Nothing is expanded. The last of two entries wins. Faults stand at
 * `line N` and never hold a value.
 */
export function parseEnvFile(source: string, faults: Fault[]): Readonly<Record<string, string>> {
  const text = source.replace(/^\uFEFF/, '');
  const variables: Record<string, string> = Object.create(null);
  let offset = 0;
  const take = (rule: RegExp) => {
    rule.lastIndex = offset;
    const match = rule.exec(text);
    if (match !== null) offset = rule.lastIndex;
    return match;
  };
  while (offset < text.length) {
    if (take(nothing) !== null) continue;
    const start = offset;
    const name = take(head)?.[1];
    const value = name === undefined ? undefined : takeValue(take);
    if (name !== undefined && value !== undefined) {
      variables[name] = value;
      continue;
    }
    const line = text.slice(0, start).split('\n').length;
    const message =
      name === undefined ? 'is not NAME=VALUE' : 'has a quote that does not end, or text after it';
    faults.push({ path: `line ${line}`, message });
    offset = start;
    take(restOfLine);
  }
  return variables;
}

/** The value at the reader's place; undefined when it begins with a quote and is no quoted value. */
function takeValue(take: (rule: RegExp) => RegExpExecArray | null): string | undefined {
  const match = take(quoted);
  if (match !== null) {
    if (take(nothing) === null) return undefined;
    return match[2] ?? match[1]!.replace(/\\([nrt"\\])/g, (_, c: string) => escapes[c] ?? c);
  }
  const plain = take(restOfLine)?.[1] ?? '';
  if (/^["']/.test(plain)) return undefined;
  const comment = plain.search(/(?:^|[ \t])#/);
  return (comment === -1 ? plain : plain.slice(0, comment)).trim();
}
