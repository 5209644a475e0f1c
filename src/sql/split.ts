import { Lexer } from './lexer.js';
import { type Origin, placeFinder, refuse, type Source } from './place.js';
import type { BlockTracker, SqlRules } from './rules.js';
import type { LexOptions, Statement } from './statement.js';

export interface SplitOptions extends LexOptions {
  /** Where the text starts in its file; the first line of a file when not given. */
  readonly origin?: Origin;
}

const useDelimiter = 'put DELIMITER // before the statement, // after it, and DELIMITER ; behind';

/**
 * The statements of a text, in its order; none when it holds only comments. Time and memory are linear in its length.
 *
 * `text` is decoded, without a byte order mark, its lines end with LF. Nothing in it is replaced. Offsets, lines and
 * columns are those of the file that `origin` names.
 *
 * @throws DbpatError `sql_invalid` with `line` and `column`: a quote, comment, parenthesis or block that is never
 *   closed, a command of the interactive client, a NUL, a delimiter inside an executable comment
 */
export function splitSql(text: string, rules: SqlRules, options: SplitOptions = {}): readonly Statement[] {
  const source: Source = { text, origin: options.origin ?? { line: 1, offset: 0 } };
  const nul = text.indexOf('\0');
  if (nul !== -1) refuse(source, nul, 'the text holds a NUL character', 'remove it');
  return new Splitter(source, rules, options).split();
}

class Splitter {
  readonly #lexer: Lexer;
  readonly #place: ReturnType<typeof placeFinder>;
  readonly #statements: Statement[] = [];
  #start = -1;
  #end = 0;
  /** The statement's first word has been seen. */
  #begun = false;
  #parentheses = 0;
  #parenthesisAt = 0;
  #blocks: BlockTracker | undefined;
  #depth = 0;
  #blockAt = 0;
  /** How far `COPY … FROM STDIN` has been read. */
  #copy: 'no' | 'COPY' | 'FROM' | 'STDIN' = 'no';

  constructor(
    private readonly source: Source,
    private readonly rules: SqlRules,
    options: LexOptions,
  ) {
    this.#lexer = new Lexer(source, rules, options);
    this.#place = placeFinder(source);
  }

  split(): readonly Statement[] {
    const lexer = this.#lexer;
    for (;;) {
      switch (lexer.next()) {
        case 'end':
          this.#finish();
          return this.#statements;
        case 'comment':
        case 'hint':
          break;
        case 'word':
          if (!this.#begun) this.#first();
          else {
            this.#end = lexer.end;
            if (this.#blocks !== undefined || this.#copy !== 'no') this.#wordInside();
          }
          break;
        case 'symbol':
          this.#symbol();
          break;
        case 'semicolon':
          if (lexer.delimiter !== ';') break;
          if (this.#parentheses > 0 && this.rules.parentheses) break;
          this.#track(';');
          if (this.#depth === 0) this.#close();
          break;
        case 'delimiter':
          this.#close();
          break;
        case 'command':
          this.#clientCommand();
          break;
        default:
          this.#extend();
          this.#track('');
      }
    }
  }

  #extend(): void {
    if (this.#start === -1) this.#start = this.#lexer.start;
    this.#end = this.#lexer.end;
  }

  #word(): string {
    return this.source.text.slice(this.#lexer.start, this.#lexer.end).toUpperCase();
  }

  #first(): void {
    const word = this.#word();
    if (this.#start === -1) {
      if (this.rules.client.words.has(word)) this.#refuseClient(this.#lexer.start);
      if (this.rules.delimiterCommand && word === 'DELIMITER') {
        this.#setDelimiter();
        return;
      }
    }
    this.#extend();
    this.#begun = true;
    if (this.#lexer.delimiter === ';') this.#blocks = this.rules.blocks(word);
    if (this.rules.copyData && word === 'COPY') this.#copy = 'COPY';
  }

  #wordInside(): void {
    const word = this.#word();
    this.#track(word);
    if (this.#copy === 'no' || this.#copy === 'STDIN' || this.#parentheses > 0) return;
    if (word === 'FROM') this.#copy = 'FROM';
    else this.#copy = this.#copy === 'FROM' && word === 'STDIN' ? 'STDIN' : 'COPY';
  }

  #track(token: string): void {
    if (this.#blocks === undefined) return;
    const depth = this.#blocks(token);
    if (depth > 0 && this.#depth === 0) this.#blockAt = this.#lexer.start;
    if (depth < 0) this.#blocks = undefined;
    this.#depth = Math.max(0, depth);
  }

  #symbol(): void {
    const { start, end } = this.#lexer;
    const symbol = this.source.text.charAt(start);
    if (this.#start === -1 && symbol === '.' && this.rules.client.dot && this.#opensLine(start)) {
      this.#refuseClient(start);
    }
    if (this.#start === -1) this.#start = start;
    this.#end = end;
    if (symbol === '(') {
      if (this.#parentheses === 0) this.#parenthesisAt = start;
      this.#parentheses += 1;
    } else if (symbol === ')') this.#parentheses = Math.max(0, this.#parentheses - 1);
    this.#track(symbol);
  }

  #close(): void {
    if (this.#start === -1) return;
    if (this.#lexer.executable) {
      refuse(this.source, this.#lexer.start, 'a statement ends inside the comment /*! */', useDelimiter);
    }
    const { text, origin } = this.source;
    const start = this.#start;
    const piece = text.slice(start, this.#end);
    const place = this.#place(start);
    const forbidden = this.rules.forbidden(piece);
    if (forbidden !== undefined) refuse(this.source, start, forbidden, 'remove the statement');
    const copyData = this.#copy === 'STDIN' ? this.#readCopyData() : undefined;
    this.#statements.push({
      text: piece,
      start: start + origin.offset,
      end: this.#end + origin.offset,
      line: place.line,
      column: place.column,
      ...(copyData === undefined ? {} : { copyData }),
    });
    this.#start = -1;
    this.#begun = false;
    this.#parentheses = 0;
    this.#blocks = undefined;
    this.#depth = 0;
    this.#copy = 'no';
  }

  #finish(): void {
    const lexer = this.#lexer;
    if (lexer.executable) {
      refuse(this.source, this.#start, 'the comment /*! is never closed', 'close it with */');
    }
    if (this.#parentheses > 0 && this.rules.parentheses) {
      refuse(this.source, this.#parenthesisAt, 'the parenthesis is never closed', 'close it with )');
    }
    if (this.#depth > 0) {
      refuse(
        this.source,
        this.#blockAt,
        'the block is never closed',
        this.rules.delimiterCommand ? useDelimiter : 'close it with END',
      );
    }
    this.#close();
  }

  /** Data begins on the line after the semicolon and ends before the line `\.` (PostgreSQL manual, COPY, File Formats). */
  #readCopyData(): string {
    const { text } = this.source;
    const after = text.indexOf('\n', this.#lexer.end);
    const rest = text.slice(this.#lexer.end, after === -1 ? text.length : after).trim();
    if (rest !== '' && !rest.startsWith('--')) {
      refuse(
        this.source,
        this.#lexer.end,
        'text stands between COPY … FROM STDIN; and its data',
        'move it to its own line',
      );
    }
    const from = after + 1;
    const unclosed = (): never =>
      refuse(this.source, this.#start, 'the data of COPY … FROM STDIN never end', 'end them with a line \\.');
    if (after === -1) return unclosed();
    let mark = from;
    while (!(text.startsWith('\\.', mark) && (mark + 2 === text.length || text.charAt(mark + 2) === '\n'))) {
      const newline = text.indexOf('\n', mark);
      if (newline === -1) return unclosed();
      mark = newline + 1;
    }
    this.#lexer.seek(mark + 2);
    return text.slice(from, mark);
  }

  #setDelimiter(): void {
    const { text } = this.source;
    const { start, end } = this.#lexer;
    const hint = 'write DELIMITER and the new delimiter alone on a line';
    if (!this.#opensLine(start)) refuse(this.source, start, 'DELIMITER does not begin its line', hint);
    const newline = text.indexOf('\n', end);
    const lineEnd = newline === -1 ? text.length : newline;
    const line = /^\s+(?:'([^']+)'|"([^"]+)"|(\S+))\s*(?:(?:#|--|\/\*).*)?$/.exec(text.slice(end, lineEnd));
    const delimiter = line?.[1] ?? line?.[2] ?? line?.[3];
    if (delimiter === undefined || delimiter.includes('\\')) {
      refuse(this.source, start, 'DELIMITER names no delimiter', hint);
    }
    this.#lexer.delimiter = delimiter;
    this.#lexer.seek(lineEnd);
  }

  #opensLine(offset: number): boolean {
    const { text } = this.source;
    return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).trim() === '';
  }

  #clientCommand(): void {
    const { start } = this.#lexer;
    const { skipped } = this.rules.client;
    if (skipped !== undefined && this.#start === -1 && this.#opensLine(start)) {
      skipped.lastIndex = start;
      if (skipped.test(this.source.text)) {
        this.#lexer.seek(skipped.lastIndex);
        return;
      }
    }
    this.#refuseClient(start);
  }

  #refuseClient(offset: number): never {
    const command = /^\S+/.exec(this.source.text.slice(offset, offset + 30))?.[0] ?? '';
    const name = command.replace(/;.*$/, '') || command;
    return refuse(
      this.source,
      offset,
      `${name} is a command of ${this.rules.client.program}, not SQL`,
      'remove it; dbpat sends statements to the server only',
    );
  }
}
