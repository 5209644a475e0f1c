import { refuse, type Source } from './place.js';
import type { QuoteRule, SqlRules } from './rules.js';
import type { LexOptions } from './statement.js';

export type TokenKind =
  | 'end'
  /** Keyword, unquoted name, number or parameter. */
  | 'word'
  | 'string'
  /** A name in quotes. */
  | 'name'
  /** Dollar-quoted text. */
  | 'body'
  /** One character of an operator or punctuation. */
  | 'symbol'
  | 'semicolon'
  /** A delimiter set by DELIMITER. */
  | 'delimiter'
  | 'comment'
  | 'hint'
  /** The two ends of an executable comment. */
  | 'open'
  | 'close'
  /** A backslash outside quotes. */
  | 'command';

const wordCharacters = new Uint8Array(128);
for (const c of '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$') {
  wordCharacters[c.charCodeAt(0)] = 1;
}

const newline = 10;
const hash = 35;
const dollar = 36;
const apostrophe = 39;
const star = 42;
const dash = 45;
const slash = 47;
const zero = 48;
const nine = 57;
const semicolon = 59;
const backslash = 92;

const dollarTag = /\$(?:[A-Za-z_\x80-\uffff][A-Za-z0-9_\x80-\uffff]*)?\$/y;
const executableOpen = /\/\*M?!\d{0,6}/y;

/**
 * Reads tokens in one pass: `next` moves on and sets `kind`, `start` and `end`.
 * @throws DbpatError `sql_invalid` from `next`, for a quote or comment that is not closed
 */
export class Lexer {
  kind: TokenKind = 'end';
  start = 0;
  end = 0;
  /** `;`, or what DELIMITER has set. */
  delimiter = ';';
  /** Inside an executable comment. */
  executable = false;
  readonly #text: string;
  readonly #quotes: readonly (QuoteRule | undefined)[];

  constructor(
    private readonly source: Source,
    private readonly rules: SqlRules,
    options: LexOptions,
  ) {
    this.#text = source.text;
    const quotes: (QuoteRule | undefined)[] = new Array(128).fill(undefined);
    for (const quote of rules.quotes(options)) quotes[quote.open.charCodeAt(0)] = quote;
    this.#quotes = quotes;
  }

  /** Goes on from an offset. */
  seek(offset: number): void {
    this.end = offset;
  }

  next(): TokenKind {
    const text = this.#text;
    const { length } = text;
    let at = this.end;
    let c = 0;
    for (; at < length; at++) {
      c = text.charCodeAt(at);
      if (c > 32 || (c !== 32 && (c < 9 || c > 13))) break;
    }
    this.start = at;
    if (at >= length) return this.#token('end', length);
    const custom = this.delimiter !== ';';
    if (custom && text.startsWith(this.delimiter, at)) {
      return this.#token('delimiter', at + this.delimiter.length);
    }
    if (c > 127 || (wordCharacters[c] === 1 && (c !== dollar || !this.rules.dollarQuotes))) {
      return this.#word(at, c, custom);
    }
    const quote = this.#quotes[c];
    if (quote !== undefined) {
      return this.#token(quote.token, this.#quoted(at, quote, quote.backslash));
    }
    if (c === semicolon) return this.#token('semicolon', at + 1);
    if (c === dash && text.charCodeAt(at + 1) === dash && this.#dashComment(at)) return this.#lineComment(at);
    if (c === slash && text.charCodeAt(at + 1) === star) return this.#blockComment(at);
    if (c === hash && this.rules.hashComments) return this.#lineComment(at);
    if (c === dollar) return this.#dollar(at);
    if (c === star && this.executable && text.charCodeAt(at + 1) === slash) {
      this.executable = false;
      return this.#token('close', at + 2);
    }
    const { backslash: command } = this.rules.client;
    if (c === backslash && command !== undefined) {
      const after = text.charAt(at + 1);
      if (after === '' || !command.except.includes(after)) return this.#token('command', at + 1);
      return this.#token('word', at + 2);
    }
    return this.#token('symbol', at + 1);
  }

  #token(kind: TokenKind, end: number): TokenKind {
    this.end = end;
    this.kind = kind;
    return kind;
  }

  #word(from: number, first: number, custom: boolean): TokenKind {
    const text = this.#text;
    const { length } = text;
    const stopAtDollar = this.rules.dollarQuotes && first >= zero && first <= nine;
    let at = from + 1;
    for (; at < length; at++) {
      const c = text.charCodeAt(at);
      if (c < 128 && (wordCharacters[c] !== 1 || (stopAtDollar && c === dollar))) break;
      if (custom && text.startsWith(this.delimiter, at)) break;
    }
    if (
      this.rules.escapeStrings &&
      at === from + 1 &&
      (first | 32) === 101 &&
      text.charCodeAt(at) === apostrophe
    ) {
      return this.#token('string', this.#escapeString(at));
    }
    return this.#token('word', at);
  }

  /** The offset after the closing quote. */
  #quoted(from: number, quote: QuoteRule, escapes: boolean): number {
    const text = this.#text;
    const { length } = text;
    const close = quote.close.charCodeAt(0);
    for (let at = from + 1; at < length; at++) {
      if (!escapes) {
        at = text.indexOf(quote.close, at);
        if (at === -1) break;
      }
      const c = text.charCodeAt(at);
      if (escapes && c === backslash) at++;
      else if (c === close) {
        if (!quote.doubled || text.charCodeAt(at + 1) !== close) return at + 1;
        at++;
      }
    }
    return refuse(
      this.source,
      from,
      `the quote ${quote.open} is never closed`,
      quote.doubled ? `close it; a ${quote.close} inside is written twice` : `close it with ${quote.close}`,
    );
  }

  /** PostgreSQL manual 4.1.2.1: pieces that only white space with a newline separates are one constant. */
  #escapeString(from: number): number {
    const text = this.#text;
    const quote = this.#quotes[apostrophe] as QuoteRule;
    let end = this.#quoted(from, quote, true);
    for (;;) {
      let newlines = false;
      let at = end;
      for (;;) {
        const c = text.charCodeAt(at);
        if (c === 32 || (c >= 9 && c <= 13)) {
          newlines ||= c === newline;
          at++;
        } else if (c === dash && text.charCodeAt(at + 1) === dash) at = this.#lineEnd(at);
        else break;
      }
      if (!newlines || text.charCodeAt(at) !== apostrophe) return end;
      end = this.#quoted(at, quote, true);
    }
  }

  #dollar(from: number): TokenKind {
    const text = this.#text;
    dollarTag.lastIndex = from;
    const tag = dollarTag.exec(text)?.[0];
    if (tag === undefined) {
      let at = from + 1;
      for (; at < text.length; at++) {
        const c = text.charCodeAt(at);
        if (c < zero || c > nine) break;
      }
      return this.#token(at === from + 1 ? 'symbol' : 'word', at);
    }
    const close = text.indexOf(tag, from + tag.length);
    if (close === -1) {
      refuse(this.source, from, `the quote ${tag} is never closed`, `close it with ${tag}`);
    }
    return this.#token('body', close + tag.length);
  }

  #dashComment(at: number): boolean {
    if (!this.rules.dashNeedsSpace) return true;
    const c = this.#text.charCodeAt(at + 2);
    return Number.isNaN(c) || c <= 32 || c === 127;
  }

  #lineEnd(from: number): number {
    const at = this.#text.indexOf('\n', from);
    return at === -1 ? this.#text.length : at;
  }

  #lineComment(from: number): TokenKind {
    return this.#token('comment', this.#lineEnd(from));
  }

  #blockComment(from: number): TokenKind {
    const text = this.#text;
    if (this.rules.executableComments) {
      executableOpen.lastIndex = from;
      const open = executableOpen.exec(text)?.[0];
      if (open !== undefined) {
        this.executable = true;
        return this.#token('open', from + open.length);
      }
    }
    const end = this.rules.nestedComments ? this.#nestedEnd(from) : text.indexOf('*/', from + 2);
    if (end === -1) {
      if (this.rules.openComments) return this.#token('comment', text.length);
      refuse(this.source, from, 'the comment /* is never closed', 'close it with */');
    }
    const isHint = this.rules.executableComments && text.charAt(from + 2) === '+';
    return this.#token(isHint ? 'hint' : 'comment', end + 2);
  }

  /** The offset of the outermost closing mark, or -1. */
  #nestedEnd(from: number): number {
    const text = this.#text;
    let depth = 1;
    for (let at = from + 2; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === slash && text.charCodeAt(at + 1) === star) {
        depth++;
        at++;
      } else if (c === star && text.charCodeAt(at + 1) === slash) {
        if (--depth === 0) return at;
        at++;
      }
    }
    return -1;
  }
}
