import type { Kysely } from 'kysely';
import type { SqlRules } from '../sql/rules.js';
import type { LexOptions, Statement } from '../sql/statement.js';
import type { Inspector } from './inspector.js';
import type { Tracing } from './trace.js';

/**
 * The port to a database. Everything that differs between databases is behind it: as data in `Capabilities` and
 * `LedgerSyntax`, as behaviour in `Session`. Outside `dialects/` nobody asks for a dialect's name to decide something.
 */

export type DialectName = 'postgres' | 'mysql' | 'sqlite';

export type SqlValue = string | number | bigint | boolean | null;

/** One statement of dbpat's own. `?` marks a parameter; no other `?` may stand in the text. */
export interface Query {
  readonly sql: string;
  readonly params?: readonly SqlValue[];
}

export type Row = Readonly<Record<string, unknown>>;

export interface Rows {
  readonly rows: readonly Row[];
  readonly affected: number;
}

export interface Capabilities {
  /** DDL can be rolled back: a change and its record share one commit. */
  readonly transactionalDdl: boolean;
  /** A database is a local file: its holder is a process of a machine that has it. */
  readonly files: boolean;
  /** A SELECT may write, through a function that the database keeps. */
  readonly storedFunctions: boolean;
  /** A shard may be one schema of a database. */
  readonly schemas: boolean;
  /** Opening a writing session makes the database where there is none. */
  readonly createsDatabase: boolean;
}

/** The words in which the ledger's tables and values are written. */
export interface LedgerSyntax {
  /** Column types. `key` is text that can be a primary key and compares by bytes. */
  readonly types: {
    readonly key: string;
    readonly text: string;
    readonly long: string;
    readonly integer: string;
    readonly timestamp: string;
    readonly sequence: string;
  };
  /** Appended to CREATE TABLE. */
  readonly tableOptions: string;
  /** The database's clock, UTC. */
  readonly now: string;
  /** Whole milliseconds since the transaction began, or null where the caller measures. */
  readonly elapsedMs: string | null;
  /** Joins pieces of text, each an expression. */
  concat(pieces: readonly string[]): string;
  /** Reads a timestamp column as ISO 8601 text in UTC with milliseconds. */
  iso(column: string): string;
  /** The end of an INSERT that updates the named columns when the key exists. */
  upsert(key: readonly string[], columns: readonly string[]): string;
  /** Rows `{ name }`: the columns of a table; none where it does not exist. */
  columns(table: string, schema: string | null): Query;
  /** Rows `{ name }`: other places where an unqualified name of this table could be meant. */
  elsewhere(table: string, schema: string | null): Query | null;
}

/** Where a shard is, parsed from its URL. Enumerable fields are safe to print. */
export interface Target {
  readonly dialect: DialectName;
  /** For people: `postgres://app@db1:5432/shop`, `sqlite:data/edge.db`. Never a password. */
  readonly display: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** Database name, or the absolute path of the SQLite file. */
  readonly database: string;
  /** Equal for two URLs that name the same database, as far as text can tell. */
  readonly identity: string;
  /** The physical server, as far as text can tell: what `perHost` counts. */
  readonly server: string;
  /** Neither loopback, nor a socket, nor a file. */
  readonly remote: boolean;
  /** What the URL itself asks for. */
  readonly sslMode?: 'disable' | 'verify' | 'no-verify';
  /** Other parameters of the URL that the dialect knows, checked. */
  readonly options: Readonly<Record<string, string>>;
  /** Not enumerable, so that no log of a target shows it. */
  readonly password?: string;
}

export interface TlsOptions {
  readonly mode: 'off' | 'verify' | 'no-verify';
  /** PEM text. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

export interface ConnectOptions {
  /** A `read` session never writes and never makes a database. */
  readonly access: 'read' | 'write';
  /** False: a database that is absent stays so, and reads as empty. */
  readonly create?: boolean;
  readonly schema?: string | undefined;
  readonly tls: TlsOptions;
  readonly connectMs: number;
  /** 0: none. */
  readonly statementMs: number;
  readonly ddlLockMs: number;
  /** SQL for the new session, run in order. */
  readonly onConnect: readonly string[];
  /** Drivers are looked for from here first, then from dbpat's own folder. */
  readonly resolveFrom: string;
  readonly applicationName: string;
}

export interface ServerInfo {
  /** `PostgreSQL 15.18`, `MariaDB 10.11.19`, `SQLite 3.53.0`. */
  readonly product: string;
  readonly version: string;
  /** The database and schema as the server identifies them: equal when two shards are one. */
  readonly identity: string;
  /** The physical server as it identifies itself. */
  readonly server: string;
  /** `primary`, or why it cannot be written to. */
  readonly role: 'primary' | 'replica' | 'read-only';
  /** Schema the ledger lives in, where there are schemas. */
  readonly schema: string | null;
  /** What the server calls this session, and no other one: backend pid and start, connection id, process id. */
  readonly sessionId: string;
  /** A pooler gives each transaction another backend: nothing that is set in a session stays, no session lock excludes. */
  readonly pooled?: boolean;
  readonly lexOptions: LexOptions;
  /** Longer statements are refused. */
  readonly maxStatementBytes?: number;
  /** The database does not exist yet; a writing session makes it. */
  readonly absent?: boolean;
}

export type FaultKind =
  /** A lock was not had in time; trying again is right. */
  | 'lock-timeout'
  /** Deadlock or serialization failure: the transaction may be tried again. */
  | 'retryable'
  /** The connection is gone; what was in flight is unknown. */
  | 'lost'
  /** No connection could be made. */
  | 'unreachable'
  /** Another runner has taken the lock over: nothing of the transaction is left. */
  | 'fenced'
  | 'read-only'
  | 'not-allowed'
  /** A table or schema that does not exist. */
  | 'no-such-table'
  | 'no-such-column'
  | 'cancelled'
  | 'statement';

/** A driver's error, told apart. `message` is the engine's text without row data and secrets. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  readonly kind: FaultKind;
  /** SQLSTATE, errno name, SQLite code. */
  readonly dbCode: string | undefined;
  /** Offset in the statement's text, in UTF-16 units. */
  readonly position: number | undefined;
  /** Which statement of a script it was, from 0; `record` when it was dbpat's own record of it. */
  readonly at: number | 'record' | undefined;
  readonly hint: string | undefined;

  constructor(
    kind: FaultKind,
    message: string,
    init: {
      dbCode?: string | undefined;
      position?: number | undefined;
      at?: number | 'record' | undefined;
      hint?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.kind = kind;
    this.dbCode = init.dbCode;
    this.position = init.position;
    this.at = init.at;
    this.hint = init.hint;
  }

  placed(at: number | 'record'): DriverError {
    return new DriverError(this.kind, this.message, {
      dbCode: this.dbCode,
      position: this.position,
      at,
      hint: this.hint,
      cause: this.cause,
    });
  }
}

/** What excludes a second runner: a named lock that dies with its session, or only the lease row. */
export type Exclusion = 'session' | 'lease';

/** How a session proves that the shard's lock is still its own. */
export interface Fence {
  /** Returns one row as long as it is. */
  readonly query: Query;
  /** The session lock that must be held as well. */
  readonly key?: string;
}

/** A migration's statements and the record of them, to be committed together. */
export interface AtomicScript {
  readonly statements: readonly Statement[];
  /** Called once; `elapsedMs` is undefined where `LedgerSyntax.elapsedMs` measures. */
  record(elapsedMs: number | undefined): readonly Query[];
  /** The statements may have changed the session: undo that before the record is written. */
  readonly reset: boolean;
  /** A statement has finished. */
  onStatement?(index: number): void;
}

/** Sees every query that a migration module sends; may refuse by throwing. */
export type QueryGuard = <T>(
  sql: string,
  send: () => Promise<T>,
  parameters?: readonly unknown[],
) => Promise<T>;

/**
 * One connection. The session that holds the lock does the work, so a dead session can neither run nor hold anything.
 * All methods throw `DriverError`.
 */
export interface Session {
  readonly server: ServerInfo;
  /** One statement of dbpat's own. */
  query(query: Query): Promise<Rows>;
  /** dbpat's own statements as one transaction, in as few round trips as the driver allows. */
  batch(queries: readonly Query[]): Promise<void>;
  /** One statement of a migration, exactly as written, outside any transaction of dbpat's. */
  send(statement: Statement): Promise<void>;
  /** Only where `transactionalDdl`: statements and record commit together or leave nothing. */
  runAtomic(script: AtomicScript): Promise<void>;
  /** What the last statement warned about; asks the server only where it said that there is something. */
  warnings(): Promise<readonly string[]>;
  /** Opens a transaction for a module, or for consecutive DML with its journal. */
  begin(): Promise<void>;
  /**
   * Writes `record` and commits. Refuses when the transaction is not the one that `begin` opened. What was set in the
   * session is undone before the record, unless it is to be kept for what follows.
   */
  commit(record: readonly Query[], settings?: 'reset' | 'keep'): Promise<void>;
  rollback(): Promise<void>;
  /** Kysely on this very session; its `transaction()` is a savepoint inside a transaction. */
  kysely(guard: QueryGuard): Promise<Kysely<any>>;
  /** Undoes what a migration has set in the session (`search_path`, role, `sql_mode`, …). */
  reset(): Promise<void>;
  /** What excludes on this server. `lease`: `tryLock` and `unlock` are not to be called. */
  exclusion(): Promise<Exclusion>;
  /** Never waits. `key` is any text. */
  tryLock(key: string): Promise<boolean>;
  /** False when the lock was not ours any more. */
  unlock(key: string): Promise<boolean>;
  /**
   * From now on `batch`, `begin` and `runAtomic` prove the fence inside their transaction, and hold it to the end of it,
   * so that nobody takes over in between. They throw DriverError `fenced` when it is lost.
   */
  useFence(fence: Fence | undefined): void;
  /** Whether the server still has this session of a dbpat; undefined when it cannot be known. */
  isAlive(sessionId: string): Promise<boolean | undefined>;
  /** Ends another session of the same account and waits until it is gone, for some seconds at most. */
  terminate(sessionId: string): Promise<void>;
  /** Sessions that keep `session` waiting, for messages; empty when it cannot be known. */
  blockers(sessionId: string): Promise<readonly string[]>;
  /** Aborts what runs, from outside the session's own queue. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

export interface Dialect {
  readonly name: DialectName;
  /** URL schemes without the colon. */
  readonly schemes: readonly string[];
  /** Words that may stand in a file's name: `0001_x.postgres.sql`. */
  readonly fileTags: readonly string[];
  readonly capabilities: Capabilities;
  readonly sqlRules: SqlRules;
  readonly ledger: LedgerSyntax;
  /** Absent where every statement shares a transaction with its record. */
  readonly tracing?: Tracing;
  /** @throws DbpatError `config_invalid`; its message never holds the URL. */
  parseUrl(url: string, baseDir: string): Target;
  quote(identifier: string): string;
  /** Longest identifier, in bytes. */
  readonly maxIdentifierBytes: number;
  /** Loads the driver on first use. @throws DbpatError `driver_missing`, DriverError */
  connect(target: Target, options: ConnectOptions): Promise<Session>;
  /** Loaded on first use. */
  inspector(): Promise<Inspector>;
}
