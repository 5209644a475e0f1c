import { Lexer } from './lexer.js';
import type { SqlRules } from './rules.js';
import type { LexOptions } from './statement.js';

/** One token of a statement, comments left out. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'symbol';
  /** As written; of a quoted name or text what is inside the quotes, doubled quotes made single. */
  readonly text: string;
  /** A word in upper case, a symbol as it is; empty for what is quoted. */
  readonly upper: string;
}

/** All tokens of a statement, in order; undefined when the text does not lex. Never throws. */
export function tokensOf(
  text: string,
  rules: SqlRules,
  options: LexOptions = {},
): readonly Token[] | undefined {
  const tokens: Token[] = [];
  try {
    const lexer = new Lexer({ text, origin: { line: 1, offset: 0 } }, rules, options);
    for (;;) {
      const kind = lexer.next();
      const raw = text.slice(lexer.start, lexer.end);
      if (kind === 'end') return tokens;
      if (kind === 'comment' || kind === 'hint' || kind === 'open' || kind === 'close') continue;
      if (kind === 'word') tokens.push({ kind, text: raw, upper: raw.toUpperCase() });
      else if (kind === 'name' || kind === 'string' || kind === 'body')
        tokens.push({ kind: kind === 'name' ? 'name' : 'string', text: unquoted(raw), upper: '' });
      else tokens.push({ kind: 'symbol', text: raw, upper: raw });
    }
  } catch {
    return undefined;
  }
}

function unquoted(raw: string): string {
  const quote = raw.charAt(0);
  if (quote !== raw.charAt(raw.length - 1)) return raw;
  return raw.slice(1, -1).replaceAll(quote + quote, quote);
}

/** Walks over tokens: what is read is behind it. */
export class TokenReader {
  #at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get done(): boolean {
    return this.#at >= this.tokens.length;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.#at + ahead];
  }

  /** Reads the words, or none of them. */
  take(...words: readonly string[]): boolean {
    if (!words.every((word, i) => this.peek(i)?.upper === word)) return false;
    this.#at += words.length;
    return true;
  }

  /** Reads the first of these words that stands here. */
  takeOne(words: readonly string[]): string | undefined {
    const found = words.find((word) => this.peek()?.upper === word);
    if (found !== undefined) this.#at++;
    return found;
  }

  next(): Token | undefined {
    return this.tokens[this.#at++];
  }

  /** One name, quoted or not. */
  name(): string | undefined {
    const token = this.peek();
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'name')) return undefined;
    this.#at++;
    return token.text;
  }

  /** What stands between parentheses that open here, without them; nothing is read where none opens. */
  group(): readonly Token[] | undefined {
    if (this.peek()?.upper !== '(') return undefined;
    const from = this.#at + 1;
    for (let depth = 0; this.#at < this.tokens.length; ) {
      const { upper } = this.tokens[this.#at++]!;
      if (upper === '(') depth++;
      else if (upper === ')' && --depth === 0) return this.tokens.slice(from, this.#at - 1);
    }
    return undefined;
  }
}

/** The pieces between commas that stand outside parentheses. */
export function splitAtCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const pieces: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.upper === '(') depth++;
    else if (token.upper === ')') depth--;
    if (token.upper === ',' && depth === 0) pieces.push([]);
    else pieces.at(-1)!.push(token);
  }
  return pieces;
}
