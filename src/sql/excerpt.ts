import { Lexer } from './lexer.js';
import type { SqlRules } from './rules.js';

const longest = 120;
/** What stands behind them may be a secret that is no string. */
const secretive = /\b(password|identified by|secret)\b/i;

/** The first words of a statement on one line, for people: string constants and comments are left out. Never throws. */
export function excerpt(text: string, rules: SqlRules): string {
  if (secretive.test(text)) return `${text.replace(/\s+/g, ' ').split(' ').slice(0, 3).join(' ')} …`;
  const flat = withoutValues(text, rules).replace(/\s+/g, ' ').trim();
  return flat.length > longest ? `${flat.slice(0, longest - 1)}…` : flat;
}

function withoutValues(text: string, rules: SqlRules): string {
  let shown = '';
  let seen = 0;
  try {
    const lexer = new Lexer({ text, origin: { line: 1, offset: 0 } }, rules, {});
    while (shown.length <= longest && lexer.next() !== 'end') {
      const { kind, start, end } = lexer;
      shown += text.slice(seen, start);
      if (kind === 'string' || kind === 'body') shown += "'…'";
      else if (kind !== 'comment') shown += text.slice(start, end);
      seen = end;
    }
    return shown;
  } catch {
    // A quote that is never closed: what comes before it lexes.
    return `${shown} …`;
  }
}
