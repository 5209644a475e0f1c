import type { Fault } from '../errors.js';

const entry =
  /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|([^\r\n]*?))[ \t]*(?:(?<=["' \t=])#[^\r\n]*)?(?:\r?\n|$)/y;
const ignored = /[ \t]*(?:#[^\r\n]*)?(?:\r?\n|$)/y;

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
    if (take(ignored) !== null) continue;
    const start = offset;
    const match = take(entry);
    const [, name, double, single, plain] = match ?? [];
    const broken = plain !== undefined && /^["']/.test(plain);
    if (name === undefined || broken) {
      const line = text.slice(0, start).split('\n').length;
      faults.push({
        path: `line ${line}`,
        message: broken ? 'has a quote that does not end' : 'is not NAME=VALUE',
      });
      const end = text.indexOf('\n', start);
      offset = end === -1 ? text.length : end + 1;
    } else {
      variables[name] =
        double?.replace(/\\([\s\S])/g, (_, c: string) => escapes[c] ?? (/["\\]/.test(c) ? c : `\\${c}`)) ??
        single ??
        plain!;
    }
  }
  return variables;
}
