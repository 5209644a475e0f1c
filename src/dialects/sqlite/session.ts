import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { failpoint } from '../../failpoint.js';
import type { Statement } from '../../sql/statement.js';
import {
  type AtomicScript,
  type ConnectOptions,
  DriverError,
  type Exclusion,
  type FaultKind,
  type Fence,
  type Query,
  type QueryGuard,
  type Rows,
  type ServerInfo,
  type Session,
  type SqlValue,
  type Target,
} from '../dialect.js';
import { loadSqlite, type SqliteDb, type SqliteStatement } from './driver.js';

/** @throws DbpatError `driver_missing`; DriverError `unreachable`, `not-allowed` */
export async function connect(target: Target, options: ConnectOptions): Promise<Session> {
  const open = await loadSqlite(options.resolveFrom);
  const path = target.database;
  const absent = !existsSync(path);
  if (absent && !existsSync(dirname(path))) {
    throw new DriverError('unreachable', `the folder of ${target.display} does not exist`, {
      hint: `mkdir -p ${dirname(path)}`,
    });
  }
  if (!absent && statSync(path).isDirectory())
    throw new DriverError('unreachable', `${target.display} is a folder`);
  const reading = options.access === 'read' || (absent && options.create === false);
  try {
    const db = open(absent && reading ? ':memory:' : path, {
      readonly: reading && !absent,
      busyMs: options.ddlLockMs,
    });
    const session = new SqliteSession(db, target, absent && reading);
    session.prepare(options.onConnect);
    return session;
  } catch (error) {
    throw toDriverError(error, true);
  }
}

/** SQLite's result codes that mean something to a run. Source: sqlite.org/rescode.html (3.53). */
function kindOf(code: string, message: string, connecting: boolean): FaultKind {
  if (code.startsWith('SQLITE_BUSY') || code === 'SQLITE_LOCKED') return 'lock-timeout';
  if (code.startsWith('SQLITE_READONLY')) return 'read-only';
  if (code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_NOTADB') return 'unreachable';
  if (code.startsWith('SQLITE_IOERR') || code === 'SQLITE_CORRUPT')
    return connecting ? 'unreachable' : 'statement';
  if (code === 'SQLITE_AUTH' || code === 'SQLITE_PERM') return 'not-allowed';
  if (/^no such table/.test(message)) return 'no-such-table';
  if (/no such column|has no column named/.test(message)) return 'no-such-column';
  return connecting && /unable to open|directory does not exist/i.test(message) ? 'unreachable' : 'statement';
}

/** node:sqlite gives numbers where better-sqlite3 gives names. */
const numericCodes: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  23: 'SQLITE_AUTH',
  26: 'SQLITE_NOTADB',
  1: 'SQLITE_ERROR',
};

function toDriverError(thrown: unknown, connecting = false): DriverError {
  if (thrown instanceof DriverError) return thrown;
  if (!(thrown instanceof Error)) return new DriverError('statement', String(thrown));
  const { code, errcode } = thrown as { code?: string; errcode?: number };
  if (code === undefined && errcode === undefined && thrown.name === 'DbpatError') throw thrown;
  const name = errcode === undefined ? (code ?? '') : (numericCodes[errcode & 0xff] ?? `SQLITE_${errcode}`);
  return new DriverError(kindOf(name, thrown.message, connecting), thrown.message, {
    ...(name === '' ? {} : { dbCode: name }),
    cause: thrown,
  });
}

class SqliteSession implements Session {
  server!: ServerInfo;
  #inTransaction = false;
  #fence: Fence | undefined;
  #foreignKeys = 0;
  /** Violations that were there before the open transaction. */
  #tolerated: ReadonlySet<string> = new Set();
  readonly #own = new Map<string, SqliteStatement>();

  constructor(
    private readonly db: SqliteDb,
    private readonly target: Target,
    private readonly absent: boolean,
  ) {}

  prepare(onConnect: readonly string[]): void {
    for (const sql of onConnect) this.#exec(sql.trim().replace(/;+$/, ''));
    const version = String(this.db.prepare('select sqlite_version() as v').all([])[0]?.v);
    // A file that is no database shows itself at the first page that is read.
    this.db.prepare('select count(*) as n from sqlite_master').all([]);
    this.#foreignKeys = Number(this.db.prepare('pragma foreign_keys').all([])[0]?.foreign_keys ?? 0);
    this.server = {
      product: `SQLite ${version}`,
      version,
      identity: this.target.identity,
      server: this.target.server,
      role: 'primary',
      schema: null,
      sessionId: String(process.pid),
      lexOptions: {},
      ...(this.absent ? { absent: true } : {}),
    };
  }

  async query(query: Query): Promise<Rows> {
    return this.#guarded(() => this.#query(query));
  }

  async batch(queries: readonly Query[]): Promise<void> {
    this.#guarded(() => {
      if (this.#inTransaction) {
        for (const query of queries) this.#query(query);
        return;
      }
      this.#exec('begin immediate');
      try {
        this.#prove();
        for (const query of queries) this.#query(query);
        failpoint('batch.commit.before');
        this.#exec('commit');
        failpoint('batch.commit.after');
      } catch (error) {
        this.#rollback();
        throw error;
      }
    });
  }

  async send(statement: Statement): Promise<void> {
    this.#guarded(() => this.#exec(statement.text));
  }

  async runAtomic(script: AtomicScript): Promise<void> {
    const tolerated = new Set<string>();
    for (;;) {
      const violations = this.#attempt(script, tolerated);
      if (violations.length === 0) return;
      // The transaction is rolled back: what is wrong now was wrong before, and is not this migration's doing.
      for (const violation of this.#violations()) tolerated.add(violation);
      const own = violations.filter((violation) => !tolerated.has(violation));
      if (own.length > 0) throw foreignKeyError(own);
    }
  }

  #attempt(script: AtomicScript, tolerated: ReadonlySet<string>): readonly string[] {
    const started = performance.now();
    let at: number | 'record' = 0;
    this.#open();
    try {
      this.#prove();
      for (const [index, statement] of script.statements.entries()) {
        at = index;
        this.#exec(statement.text);
        if (!this.db.inTransaction) throw endedEarly();
        script.onStatement?.(index);
        failpoint('step.statement');
      }
      at = 'record';
      const violations = this.#violations().filter((violation) => !tolerated.has(violation));
      if (violations.length > 0) {
        this.#rollback();
        return violations;
      }
      for (const query of script.record(Math.round(performance.now() - started))) this.#query(query);
      failpoint('step.commit.before');
      this.#exec('commit');
      failpoint('step.commit.after');
      return [];
    } catch (error) {
      this.#rollback();
      throw toDriverError(error).placed(at);
    } finally {
      this.#restore();
    }
  }

  async warnings(): Promise<readonly string[]> {
    return [];
  }

  async begin(): Promise<void> {
    this.#guarded(() => {
      this.#tolerated = new Set(this.#violations());
      this.#open();
      this.#inTransaction = true;
      try {
        this.#prove();
      } catch (error) {
        this.#rollback();
        this.#restore();
        throw error;
      }
      this.#exec('savepoint dbpat_guard');
    });
  }

  async commit(record: readonly Query[]): Promise<void> {
    this.#guarded(() => {
      if (!this.db.inTransaction) throw endedEarly();
      try {
        this.#exec('release savepoint dbpat_guard');
      } catch {
        throw endedEarly();
      }
      const violations = this.#violations().filter((violation) => !this.#tolerated.has(violation));
      if (violations.length > 0) throw foreignKeyError(violations);
      for (const query of record) this.#query(query);
      failpoint('step.commit.before');
      this.#exec('commit');
      failpoint('step.commit.after');
      this.#inTransaction = false;
      this.#restore();
    });
  }

  async rollback(): Promise<void> {
    this.#rollback();
    this.#restore();
  }

  async kysely(guard: QueryGuard) {
    const [{ kyselyOn }, { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler }] = await Promise.all([
      import('../kysely.js'),
      import('kysely'),
    ]);
    return kyselyOn(
      {
        adapter: () => new SqliteAdapter(),
        compiler: () => new SqliteQueryCompiler(),
        introspector: (db) => new SqliteIntrospector(db),
        insideTransaction: () => this.#inTransaction,
        execute: async (query) =>
          this.#guarded(() => {
            // After RAISE(ROLLBACK) and the like, each statement would commit by itself.
            if (this.#inTransaction && !this.db.inTransaction) throw endedEarly();
            const statement = this.db.prepare(query.sql);
            const params = query.parameters as readonly SqlValue[];
            if (statement.reader) return { rows: [...statement.all(params)] };
            const { changes, lastInsertRowid } = statement.run(params);
            return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
          }),
      },
      guard,
    );
  }

  async reset(): Promise<void> {
    this.#guarded(() => this.#restore());
  }

  async exclusion(): Promise<Exclusion> {
    return 'lease';
  }

  async tryLock(): Promise<boolean> {
    throw new Error('SQLite has no session lock');
  }

  async unlock(): Promise<boolean> {
    throw new Error('SQLite has no session lock');
  }

  useFence(fence: Fence | undefined): void {
    this.#fence = fence;
  }

  /** The transaction has the write lock already: nobody takes over before it ends. */
  #prove(): void {
    if (this.#fence === undefined || this.#query(this.#fence.query).rows.length > 0) return;
    throw new DriverError('fenced', 'another run has taken the lock over');
  }

  async isAlive(): Promise<undefined> {
    return undefined;
  }

  async terminate(): Promise<void> {}

  async blockers(): Promise<readonly string[]> {
    return [];
  }

  async cancel(): Promise<void> {}

  async close(): Promise<void> {
    this.#own.clear();
    this.db.close();
  }

  /**
   * Foreign keys are off while a migration runs: with them on, the DROP of a table rebuild deletes child rows through
   * ON DELETE CASCADE, and the pragma does nothing inside a transaction (sqlite.org/pragma.html#pragma_foreign_keys).
   */
  #open(): void {
    this.#exec('pragma foreign_keys = off');
    this.#exec('begin immediate');
  }

  #restore(): void {
    this.#exec(`pragma foreign_keys = ${this.#foreignKeys}`);
  }

  #rollback(): void {
    this.#inTransaction = false;
    // ON CONFLICT ROLLBACK, SQLITE_FULL and others have ended it already.
    if (this.db.inTransaction) this.#exec('rollback');
  }

  #violations(): readonly string[] {
    const rows = this.db.prepare('pragma foreign_key_check').all([]);
    return rows.map(
      (row) => `${row.table} row ${row.rowid ?? '(without rowid)'} refers to a missing row of ${row.parent}`,
    );
  }

  #exec(sql: string): void {
    const statement = this.db.prepare(sql);
    if (statement.reader) statement.all([]);
    else statement.run([]);
  }

  #query(query: Query): Rows {
    let statement = this.#own.get(query.sql);
    if (statement === undefined) {
      if (this.absent && /\bfrom\b/.test(query.sql))
        throw new DriverError('no-such-table', 'the database does not exist yet');
      statement = this.db.prepare(query.sql);
      this.#own.set(query.sql, statement);
    }
    const params = (query.params ?? []).map((value) => (typeof value === 'boolean' ? Number(value) : value));
    if (statement.reader) return { rows: statement.all(params), affected: 0 };
    return { rows: [], affected: statement.run(params).changes };
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toDriverError(error);
    }
  }
}

function endedEarly(): DriverError {
  return new DriverError(
    'statement',
    'the transaction was ended inside the migration (COMMIT, ROLLBACK, ON CONFLICT ROLLBACK)',
    {
      dbCode: 'ended-early',
    },
  );
}

function foreignKeyError(violations: readonly string[]): DriverError {
  const more = violations.length > 3 ? ` and ${violations.length - 3} more` : '';
  return new DriverError(
    'statement',
    `foreign keys are broken at its end: ${violations.slice(0, 3).join('; ')}${more}`,
    {
      dbCode: 'SQLITE_CONSTRAINT_FOREIGNKEY',
    },
  );
}
