import type pg from 'pg';
import { DbpatError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import type { Statement } from '../../sql/statement.js';
import {
  type AtomicScript,
  type ConnectOptions,
  DriverError,
  type Exclusion,
  type Fence,
  type Query,
  type QueryGuard,
  type Row,
  type Rows,
  type ServerInfo,
  type Session,
  type Target,
} from '../dialect.js';
import { loadDriver } from '../driver.js';
import { renderQuery } from '../literals.js';
import { clientConfig, refusedTls } from './client.js';
import { isConcurrent, sendConcurrently } from './concurrently.js';
import { endedEarly, fenced, toDriverError } from './errors.js';
import { literal, quote } from './literal.js';
import { locate, Script } from './script.js';
import { backendSql, identitySql, lockHeld, lockKey, pidOf, settings, terminateSql } from './server.js';

/** Above this a script goes statement by statement: one message is held whole by client and server. */
const maxMessageLength = 1_000_000;

/** @throws DbpatError `driver_missing`, `tls_required`; DriverError `unreachable`, `not-allowed` */
export async function connect(target: Target, options: ConnectOptions): Promise<Session> {
  const driver = await loadDriver<typeof pg>('pg', options.resolveFrom);
  const client = new driver.Client(clientConfig(target, options));
  const loss: { error?: DriverError } = {};
  client.on('error', (error) => {
    loss.error ??= toDriverError(error);
  });
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    throw refusedTls(error) ?? toDriverError(error, true);
  }
  const session = new PostgresSession(client, target, options, loss);
  try {
    await session.prepare();
  } catch (error) {
    await session.close();
    throw error;
  }
  return session;
}

class PostgresSession implements Session {
  server!: ServerInfo;
  #inTransaction = false;
  #fence: Fence | undefined;
  /** The config's own SQL for a session. */
  readonly #own: readonly string[];

  constructor(
    private readonly client: pg.Client,
    private readonly target: Target,
    private readonly options: ConnectOptions,
    private readonly loss: { error?: DriverError },
  ) {
    this.#own = options.onConnect.map((sql) => sql.trim().replace(/;+$/, ''));
  }

  /**
   * Session settings and the server's identity, in one round trip. Through a transaction pooler the backend is not the
   * one that the startup packet named (seen with pgbouncer 1.18): then what is set is gone with the transaction.
   */
  async prepare(): Promise<void> {
    const { processID } = this.client as unknown as { processID: number };
    const pooled = `pg_catalog.pg_backend_pid() <> ${Number(processID)}`;
    const first = [settings(this.options, pooled), identitySql];
    let row = (await this.#simple(first.join(';\n'))).rows[0]!;
    const isPooled = Number(row.pid) !== Number(processID);
    if (this.#own.length > 0) {
      const texts = isPooled
        ? ['begin', settings(this.options, 'true'), ...this.#own, identitySql]
        : [...this.#own, identitySql];
      row = (await this.#simple(texts.join(';\n'))).rows[0]!;
      if (isPooled) await this.#simple('rollback');
    }
    const schema = row.schema as string | null;
    if (schema === null) {
      const wanted = this.options.schema;
      throw new DbpatError(
        'config_invalid',
        wanted === undefined
          ? 'the search_path names no schema that exists'
          : `the schema ${wanted} does not exist`,
        {
          hint: wanted === undefined ? 'set `schema` for this shard' : `create schema ${quote(wanted)};`,
        },
      );
    }
    this.server = {
      product: `PostgreSQL ${String(row.version).split(' ')[0]}`,
      version: String(row.version).split(' ')[0]!,
      identity: `postgres:${row.system}/${row.database}/${schema}`,
      server: `postgres:${row.system}`,
      role: row.recovery === true ? 'replica' : row.read_only === 'on' ? 'read-only' : 'primary',
      schema,
      sessionId: `${row.pid}/${row.started}`,
      ...(isPooled ? { pooled: true } : {}),
      lexOptions: {},
    };
  }

  /** The beginning of every transaction of dbpat's own. */
  #opening(): readonly string[] {
    return [
      'begin',
      ...(this.server.pooled ? [settings(this.options, 'true'), ...this.#own] : []),
      ...this.#proof(),
    ];
  }

  /** Fails with a division by zero when the fence is lost; holds its row until the transaction ends. */
  #proof(): readonly string[] {
    if (this.#fence === undefined) return [];
    const { query, key } = this.#fence;
    const held = key === undefined ? '' : ` where ${lockHeld(key)}`;
    return [
      `select 1 / pg_catalog.count(*)::int as fence from (${renderQuery(query, literal)} for share) held${held}`,
    ];
  }

  async query(query: Query): Promise<Rows> {
    return this.#simple(renderQuery(query, literal));
  }

  async batch(queries: readonly Query[]): Promise<void> {
    await this.#run(
      [...this.#opening(), ...queries.map((query) => renderQuery(query, literal)), 'commit'],
      true,
    );
  }

  async send(statement: Statement): Promise<void> {
    const plain = () => this.#sendPlain(statement);
    if (isConcurrent(statement.text))
      await sendConcurrently(statement.text, (query) => this.query(query), plain);
    else await plain();
  }

  async #sendPlain(statement: Statement): Promise<void> {
    // CONCURRENTLY waits for old snapshots; lock_timeout would end it and leave an invalid index behind.
    const patient = isConcurrent(statement.text);
    if (patient) await this.#simple('set lock_timeout = 0');
    try {
      if (statement.copyData !== undefined)
        await this.#script(statement.text, [statement.copyData], () => {});
      // The extended protocol refuses two commands in one piece, should the splitter ever be wrong.
      else await this.client.query({ text: statement.text, queryMode: 'extended' } as pg.QueryConfig);
    } catch (error) {
      throw this.#fault(error, statement.text);
    } finally {
      if (patient) await this.#simple(`set lock_timeout = ${this.options.ddlLockMs}`).catch(() => {});
    }
  }

  async runAtomic(script: AtomicScript): Promise<void> {
    const texts = script.statements.map((statement) => statement.text);
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    const opening = this.#opening();
    const tail = [
      ...(script.reset || (this.server.pooled && this.#own.length > 0) ? this.#resetStatements() : []),
      ...script.record(undefined).map((query) => renderQuery(query, literal)),
      'commit',
    ];
    if (length > maxMessageLength) return this.#runPieces(script, tail);
    const copies = script.statements.flatMap((s) => (s.copyData === undefined ? [] : [s.copyData]));
    await this.#run([...opening, ...texts, ...tail], true, {
      copies,
      first: opening.length,
      count: texts.length,
      onStatement: script.onStatement,
    });
    await failpoint('step.commit.after');
  }

  async #runPieces(script: AtomicScript, tail: readonly string[]): Promise<void> {
    await this.begin();
    let at: number | 'record' = 0;
    try {
      for (const [index, statement] of script.statements.entries()) {
        at = index;
        await this.send(statement);
        script.onStatement?.(index);
      }
      at = 'record';
      await this.#run(tail, false);
      this.#inTransaction = false;
    } catch (error) {
      await this.rollback();
      throw (error as DriverError).placed(at);
    }
  }

  async warnings(): Promise<readonly string[]> {
    return [];
  }

  async begin(): Promise<void> {
    await this.#run([...this.#opening(), 'savepoint dbpat_guard'], true);
    this.#inTransaction = true;
  }

  async commit(record: readonly Query[], settings: 'reset' | 'keep' = 'reset'): Promise<void> {
    const status = (this.client as unknown as { getTransactionStatus(): string }).getTransactionStatus();
    if (status === 'E')
      throw new DriverError('statement', 'a statement failed earlier and its error was caught');
    if (status === 'I') throw endedEarly();
    const texts = [
      'release savepoint dbpat_guard',
      ...(settings === 'reset' ? this.#resetStatements() : []),
      ...record.map((query) => renderQuery(query, literal)),
      'commit',
    ];
    await failpoint('step.commit.before');
    try {
      await this.#run(texts, false);
    } catch (error) {
      throw error instanceof DriverError && error.dbCode === '3B001' ? endedEarly() : error;
    }
    await failpoint('step.commit.after');
    this.#inTransaction = false;
  }

  async rollback(): Promise<void> {
    this.#inTransaction = false;
    await this.#simple('rollback').catch(() => {});
  }

  async kysely(guard: QueryGuard) {
    const [{ kyselyOn }, { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler }] =
      await Promise.all([import('../kysely.js'), import('kysely')]);
    return kyselyOn(
      {
        adapter: () => new PostgresAdapter(),
        compiler: () => new PostgresQueryCompiler(),
        introspector: (db) => new PostgresIntrospector(db),
        insideTransaction: () => this.#inTransaction,
        execute: async (query) => {
          try {
            if (isConcurrent(query.sql) && query.parameters.length === 0 && !this.#inTransaction) {
              await this.send({ text: query.sql, start: 0, end: query.sql.length, line: 1, column: 1 });
              return { rows: [] };
            }
            const result = await this.client.query(query.sql, [...query.parameters]);
            return { rows: result.rows ?? [], numAffectedRows: BigInt(result.rowCount ?? 0) };
          } catch (error) {
            throw this.#fault(error, query.sql);
          }
        },
      },
      guard,
    );
  }

  async reset(): Promise<void> {
    await this.#simple(this.#resetStatements().join(';\n'));
  }

  async exclusion(): Promise<Exclusion> {
    return this.server.pooled ? 'lease' : 'session';
  }

  useFence(fence: Fence | undefined): void {
    this.#fence = fence;
  }

  async tryLock(key: string): Promise<boolean> {
    const { rows } = await this.#simple(`select pg_catalog.pg_try_advisory_lock(${lockKey(key)}) as locked`);
    return rows[0]?.locked === true;
  }

  async unlock(key: string): Promise<boolean> {
    const { rows } = await this.#simple(`select pg_catalog.pg_advisory_unlock(${lockKey(key)}) as unlocked`);
    return rows[0]?.unlocked === true;
  }

  async blockers(sessionId: string): Promise<readonly string[]> {
    const { rows } = await this.#simple(
      `select pid, usename, application_name, state, extract(epoch from pg_catalog.now() - xact_start)::int as age, pg_catalog.left(query, 80) as query
 from pg_catalog.pg_stat_activity where pid = any (pg_catalog.pg_blocking_pids(${pidOf(sessionId)}))`,
    );
    return rows.map(
      (row) =>
        `pid ${row.pid} (${row.usename ?? 'unknown'}, ${row.state ?? 'state hidden'}, in a transaction for ${row.age ?? '?'} s): ${String(row.query ?? '').replace(/\s+/g, ' ')}`,
    );
  }

  async isAlive(sessionId: string): Promise<boolean | undefined> {
    const [row] = (await this.#simple(backendSql(sessionId))).rows;
    return row?.same === null ? undefined : row?.same === true;
  }

  async terminate(sessionId: string): Promise<void> {
    await this.#simple(terminateSql(sessionId));
  }

  async cancel(): Promise<void> {
    const other = await connect(this.target, { ...this.options, access: 'read', onConnect: [] });
    try {
      await other.query({ sql: `select pg_catalog.pg_cancel_backend(${pidOf(this.server.sessionId)})` });
    } finally {
      await other.close();
    }
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => {});
  }

  /** RESET ALL keeps role and session authorization (PostgreSQL manual, RESET). */
  #resetStatements(): readonly string[] {
    const guards = this.server.pooled ? [] : [settings(this.options, 'false'), ...this.#own];
    return ['reset session authorization', 'reset role', 'reset all', 'deallocate all', ...guards];
  }

  async #simple(text: string): Promise<Rows> {
    try {
      const result = await this.client.query(text);
      const last = Array.isArray(result) ? result[result.length - 1] : result;
      return { rows: (last?.rows ?? []) as Row[], affected: last?.rowCount ?? 0 };
    } catch (error) {
      throw this.#fault(error, text);
    }
  }

  async #script(text: string, copies: string[], onComplete: (index: number) => void): Promise<void> {
    const script = new Script(text, copies, onComplete);
    this.client.query(script as unknown as pg.Submittable);
    await script.done;
  }

  /** Statements in one message; an error is placed in the statement that it came from. */
  async #run(
    texts: readonly string[],
    ownTransaction: boolean,
    script?: {
      copies: string[];
      first: number;
      count: number;
      onStatement: ((index: number) => void) | undefined;
    },
  ): Promise<void> {
    let completed = 0;
    const place = (index: number): number | 'record' | undefined => {
      if (script === undefined) return undefined;
      const at = index - script.first;
      return at >= 0 && at < script.count ? at : 'record';
    };
    try {
      await this.#script(texts.join(';\n'), script?.copies ?? [], (index) => {
        completed = index + 1;
        const at = place(index);
        if (typeof at === 'number') script?.onStatement?.(at);
      });
    } catch (error) {
      const text = texts.join(';\n');
      const fault = this.#fault(error, text);
      if (ownTransaction) await this.#simple('rollback').catch(() => {});
      if (fault.dbCode === '22012' && / as fence from /.test(texts[completed] ?? '')) throw fenced(fault);
      const found = fault.position === undefined ? undefined : locate(texts, fault.position);
      throw new DriverError(fault.kind, fault.message, {
        dbCode: fault.dbCode,
        hint: fault.hint,
        cause: fault.cause,
        position: found?.offset,
        at: place(found?.index ?? completed) ?? fault.at,
      });
    }
  }

  /** Positions of the server count characters; ours count UTF-16 units. */
  #fault(error: unknown, text: string): DriverError {
    if (this.loss.error !== undefined && !(error as { code?: string }).code) return this.loss.error;
    const fault = toDriverError(error);
    if (fault.position === undefined) return fault;
    let offset = 0;
    for (let i = 1; i < fault.position && offset < text.length; i++)
      offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
    return new DriverError(fault.kind, fault.message, {
      dbCode: fault.dbCode,
      hint: fault.hint,
      cause: fault.cause,
      position: offset,
    });
  }
}
