import type { LexOptions, StatementClass, Trace } from './statement.js';

/** How one kind of quote opens, closes and escapes. */
export interface QuoteRule {
  readonly open: string;
  readonly close: string;
  /** Two closing characters stand for one of them. */
  readonly doubled: boolean;
  readonly backslash: boolean;
  /** Whether the quoted text is a value or the name of a thing. */
  readonly token: 'string' | 'name';
}

/**
 * Follows one statement whose body may hold semicolons. It is fed every token after the first word, comments left
 * out: words in upper case, symbols as they are, and `''` for anything quoted. Answers how many blocks are open, or
 * -1 when this statement can have none.
 */
export type BlockTracker = (token: string) => number;

/** A statement reduced to what its class depends on. Names in quotes are `"`, strings `'`. */
export interface Head {
  /** Upper-case words and symbols outside parentheses, one space between them. */
  readonly flat: string;
  /** The first tokens with what is inside parentheses. */
  readonly full: string;
  /** Words that stand directly after an opening parenthesis. */
  readonly nested: ReadonlySet<string>;
}

export interface ClassRow {
  /** Tried in order; a row without it always holds. */
  readonly when?: (head: Head) => boolean;
  readonly kind: StatementClass['kind'];
  /** `ddl` decides by IF EXISTS, OR REPLACE and the like when this is not given; other kinds are ambiguous. */
  readonly trace?: Trace;
  readonly boundary?: 'begin' | 'end';
  readonly outside?: string;
}

/** Everything that the one lexer needs to know about a dialect. */
export interface SqlRules {
  quotes(options: LexOptions): readonly QuoteRule[];
  /** `E'…'` has backslash escapes, and goes on after white space with a newline. */
  readonly escapeStrings: boolean;
  /** `$tag$ … $tag$`; a number ends at `$`. */
  readonly dollarQuotes: boolean;
  readonly hashComments: boolean;
  /** `--` opens a comment only before white space, a control character or the end. */
  readonly dashNeedsSpace: boolean;
  readonly nestedComments: boolean;
  /** A block comment may be left open at the end of the text. */
  readonly openComments: boolean;
  /** A comment that opens with `/*!` or `/*M!` is code, one that opens with `/*+` a hint. */
  readonly executableComments: boolean;
  /** A semicolon inside parentheses does not end a statement. */
  readonly parentheses: boolean;
  /** `COPY … FROM STDIN;` is followed by data lines up to `\.`. */
  readonly copyData: boolean;
  /** The line `DELIMITER x` sets another delimiter. */
  readonly delimiterCommand: boolean;
  readonly client: ClientCommands;
  /** A tracker for a statement that begins with this upper-case word, if it may have a body. */
  blocks(first: string): BlockTracker | undefined;
  /** Why a finished statement must not be in a text, judged from its first words; usually undefined. */
  forbidden(statement: string): string | undefined;
  /** Operators that are longer than one character, longest first; `run`: any run of operator characters is one. */
  readonly operators: 'run' | readonly string[];
  /** Whether two spellings of an unquoted word that differ only in ASCII case always mean the same. */
  foldsCase(upperWord: string, qualified: boolean): boolean;
  /** An enum value may not be used by the transaction that adds it. */
  readonly enumTypes: boolean;
  /** By the first word of the statement, in upper case. */
  readonly classes: Readonly<Record<string, readonly ClassRow[]>>;
  /** Rewrites the head of a statement that only wraps another. */
  unwrap?(head: Head): Head;
}

/** Commands of the dialect's interactive client: never sent, never carried out. */
export interface ClientCommands {
  /** For messages: `psql`. */
  readonly program: string;
  /** A backslash outside quotes begins a command, except these characters after it. */
  readonly backslash: { readonly except: string } | undefined;
  /** At the start of a line: lines that may be left out. Sticky. */
  readonly skipped: RegExp | undefined;
  /** First words of a statement that only the client understands, in upper case. */
  readonly words: ReadonlySet<string>;
  /** A line that starts with a dot is a command. */
  readonly dot: boolean;
}
