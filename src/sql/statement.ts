/** One statement of a text, found by splitting. */
export interface Statement {
  /** The text to send: no delimiter, no white space or comments around it, comments inside kept. */
  readonly text: string;
  /** Offset of `text` in the input, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** 1-based line and column (UTF-16 units) of `start`. */
  readonly line: number;
  readonly column: number;
  /** The inline data lines of `COPY … FROM STDIN` (PostgreSQL), each ending with a newline; without the `\.` line. */
  readonly copyData?: string;
}

/**
 * What a statement does to a migration:
 * `ddl` changes the schema (on MySQL it commits implicitly), `dml` changes rows, `query` reads,
 * `session` only sets up the session (SET, USE, PRAGMA) and is repeated when a file is resumed,
 * `transaction` is BEGIN/COMMIT/ROLLBACK/SAVEPOINT and their kin, `other` is anything that is not known.
 */
export type StatementKind = 'ddl' | 'dml' | 'query' | 'session' | 'transaction' | 'other';

/** How an interrupted statement can be judged afterwards (reference of the journal). */
export type Trace = 'catalogue' | 'repeatable' | 'ambiguous';

export interface StatementClass {
  readonly kind: StatementKind;
  /** The statement's leading words in upper case, for messages: `CREATE INDEX CONCURRENTLY`. */
  readonly words: string;
  /** Set when the engine refuses it inside a transaction block: the reason, as a clause for a message. */
  readonly outsideTransaction?: string;
  /** For `transaction`: whether it opens or ends one; savepoints are neither. */
  readonly boundary?: 'begin' | 'end';
  readonly trace: Trace;
}

/** Settings of the server's session that change how text is read (MySQL, MariaDB `sql_mode`). */
export interface LexOptions {
  readonly noBackslashEscapes?: boolean;
  readonly ansiQuotes?: boolean;
}
