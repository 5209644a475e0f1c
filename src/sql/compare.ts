import { Lexer, type TokenKind } from './lexer.js';
import type { SqlRules } from './rules.js';
import type { LexOptions } from './statement.js';

/**
 * Whether two texts have the same tokens, leaving out comments, white space and the case of unquoted words. Hints and
 * executable comments of MySQL are code. On MySQL only the case of reserved words is left out, because names of tables
 * keep theirs on some servers. Bodies in dollar quotes compare by their exact text. In doubt the texts differ. Never
 * throws: texts that do not lex are compared as they are.
 */
export function sameTokens(a: string, b: string, rules: SqlRules, options: LexOptions = {}): boolean {
  if (a === b) return true;
  try {
    const left = new TokenReader(a, rules, options);
    const right = new TokenReader(b, rules, options);
    for (;;) {
      const x = left.next();
      const y = right.next();
      if (x === undefined || y === undefined) return x === y;
      if (x.kind !== y.kind || x.gap !== y.gap) return false;
      if (x.text !== y.text && !(x.kind === 'word' && sameWord(x, y, rules))) return false;
    }
  } catch {
    return false;
  }
}

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** What stands before it, where that matters. */
  readonly gap: 'none' | 'space' | 'newline';
  readonly qualified: boolean;
}

function sameWord(x: Token, y: Token, rules: SqlRules): boolean {
  if (lowerAscii(x.text) !== lowerAscii(y.text)) return false;
  return rules.foldsCase(x.text.toUpperCase(), x.qualified);
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const operatorCharacters = '+-*/<>=~!@#%^&|`?:';
const operatorRun = /[+\-*/<>=~!@#%^&|`?:]+/y;
/** Characters that belong to the word or value after them: parameters, variables. */
const sigils = '@:$?#';

class TokenReader {
  readonly #lexer: Lexer;
  #previousKind: TokenKind = 'end';
  #previousText = '';

  constructor(
    private readonly text: string,
    private readonly rules: SqlRules,
    options: LexOptions,
  ) {
    this.#lexer = new Lexer({ text, origin: { line: 1, offset: 0 } }, rules, options);
  }

  next(): Token | undefined {
    const lexer = this.#lexer;
    const before = lexer.end;
    let kind = lexer.next();
    while (kind === 'comment') kind = lexer.next();
    if (kind === 'end') return undefined;
    const from = lexer.start;
    if (kind === 'symbol') this.#wholeOperator(from);
    const text = this.text.slice(from, lexer.end);
    const token: Token = {
      kind,
      text,
      gap: this.#matters(kind, text) ? this.#gap(before, from, kind) : 'none',
      qualified: this.#previousText === '.',
    };
    this.#previousKind = kind;
    this.#previousText = text;
    return token;
  }

  #wholeOperator(from: number): void {
    const { operators } = this.rules;
    if (operators !== 'run') {
      const found = operators.find((operator) => this.text.startsWith(operator, from));
      if (found !== undefined) this.#lexer.seek(from + found.length);
      return;
    }
    operatorRun.lastIndex = from;
    const run = operatorRun.exec(this.text)?.[0];
    if (run !== undefined) this.#lexer.seek(from + postgresOperator(run).length);
  }

  /** Whether white space before this token changes what it is. */
  #matters(kind: TokenKind, text: string): boolean {
    const isValue = kind === 'string' || kind === 'name' || kind === 'body';
    const last = this.#previousText;
    switch (this.#previousKind) {
      case 'end':
        return false;
      case 'word':
        return isValue || (text === '.' && /^\d/.test(last));
      case 'string':
      case 'name':
      case 'body':
        return isValue;
      case 'symbol':
        if (last === '.') return /^\d/.test(text);
        if (sigils.includes(last)) return kind !== 'symbol' || operatorCharacters.includes(text.charAt(0));
        return kind === 'symbol' && last === '.';
      default:
        return false;
    }
  }

  /** Two strings become one in PostgreSQL only where a newline is between them. */
  #gap(from: number, to: number, kind: TokenKind): Token['gap'] {
    if (from === to) return 'none';
    const joins = this.rules.escapeStrings && kind === 'string' && this.#previousKind === 'string';
    return joins && this.text.slice(from, to).includes('\n') ? 'newline' : 'space';
  }
}

/** PostgreSQL manual 4.1.3: comments cut an operator, and only some operators may end in + or -. */
function postgresOperator(run: string): string {
  const comment = run.search(/--|\/\*/);
  let operator = comment > 0 ? run.slice(0, comment) : run;
  if (operator.startsWith(':'))
    return operator.startsWith('::') ? '::' : operator.startsWith(':=') ? ':=' : ':';
  const colon = operator.indexOf(':');
  if (colon !== -1) operator = operator.slice(0, colon);
  if (!/[~!@#%^&|`?]/.test(operator)) {
    while (operator.length > 1 && /[+-]$/.test(operator)) operator = operator.slice(0, -1);
  }
  return operator;
}
