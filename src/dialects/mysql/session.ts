import type mysql2 from 'mysql2';
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
import { connectionConfig, refusedTls } from './client.js';
import { nearOffset, toDriverError } from './errors.js';
import { literal } from './literal.js';
import { checkPacket, readWarnings } from './packets.js';
import { fencedOr, fenceLost, idOf, keptVariables, lockName } from './server.js';

/** @throws DbpatError `driver_missing`, `tls_required`; DriverError `unreachable`, `not-allowed` */
export async function connect(target: Target, options: ConnectOptions): Promise<Session> {
  const driver = await loadDriver<typeof mysql2>('mysql2', options.resolveFrom);
  const connection = driver.createConnection(connectionConfig(target, options));
  const loss: { error?: DriverError } = {};
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) =>
      error ? reject(refusedTls(error) ?? toDriverError(error, true)) : resolve(),
    );
  }).catch((error) => {
    connection.destroy();
    throw error;
  });
  connection.on('error', (error: unknown) => {
    loss.error ??= new DriverError('lost', toDriverError(error).message, { cause: error });
  });
  const session = new MysqlSession(connection, target, options, loss);
  try {
    await session.prepare();
  } catch (error) {
    await session.close();
    throw error;
  }
  return session;
}

class MysqlSession implements Session {
  server!: ServerInfo;
  #kept: ReadonlyMap<string, string> = new Map();
  #inTransaction = false;
  #compound = false;
  #fence: Fence | undefined;
  #exclusion: Exclusion | undefined;
  /** How many warnings the last statement had, as its answer said. */
  #warned = 0;

  constructor(
    private readonly connection: mysql2.Connection,
    private readonly target: Target,
    private readonly options: ConnectOptions,
    private readonly loss: { error?: DriverError },
  ) {}

  async prepare(): Promise<void> {
    const seconds = Math.max(1, Math.ceil(this.options.ddlLockMs / 1000));
    await this.#text(
      `set session lock_wait_timeout = ${seconds}, innodb_lock_wait_timeout = ${Math.max(5, seconds)}, wait_timeout = 86400, interactive_timeout = 86400, sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES')`,
    );
    for (const sql of this.options.onConnect) await this.#text(sql.trim().replace(/;+$/, ''));
    const { rows } = await this.#text(
      `select version() as version, @@version_comment as comment, connection_id() as id, @@global.read_only as read_only,
 @@session.sql_mode as sql_mode, @@hostname as hostname, @@port as port, @@datadir as datadir, @@server_id as server_id, database() as db, @@max_allowed_packet as packet`,
    );
    const row = rows[0]!;
    const version = String(row.version);
    const maria = /mariadb/i.test(version) || /mariadb/i.test(String(row.comment));
    this.#compound = maria;
    await this.#limitStatements(maria);
    const modes = new Set(String(row.sql_mode).split(','));
    const server = `mysql:${row.hostname}:${row.port}${row.datadir}#${row.server_id}`;
    this.server = {
      product: `${maria ? 'MariaDB' : 'MySQL'} ${version.replace(/-.*/, '')}`,
      version: version.replace(/-.*/, ''),
      identity: `${server}/${row.db}`,
      server,
      role: Number(row.read_only) === 0 ? 'primary' : 'read-only',
      schema: null,
      sessionId: `${row.id}/${row.hostname}:${row.port}`,
      maxStatementBytes: Number(row.packet),
      lexOptions: {
        noBackslashEscapes: modes.has('NO_BACKSLASH_ESCAPES'),
        ansiQuotes: modes.has('ANSI_QUOTES'),
      },
    };
  }

  async #limitStatements(maria: boolean): Promise<void> {
    if (this.options.statementMs === 0) return;
    await this.#text(
      maria
        ? `set session max_statement_time = ${this.options.statementMs / 1000}`
        : `set session max_execution_time = ${this.options.statementMs}`,
    );
  }

  async query(query: Query): Promise<Rows> {
    return this.#text(renderQuery(query, literal));
  }

  /** MariaDB takes a block as one statement; MySQL has no anonymous block, so each goes by itself. */
  async batch(queries: readonly Query[]): Promise<void> {
    const texts = queries.map((query) => renderQuery(query, literal));
    // A session lock that is the fence's dies with this very session: only a block makes its proof free.
    const proven = this.#fence === undefined || (!this.#compound && this.#fence.key !== undefined);
    if (texts.length === 1 && proven) {
      await this.#text(texts[0]!);
    } else if (this.#compound && texts.every((text) => /^(insert|update|delete)\b/.test(text))) {
      const work = [...(this.#fence === undefined ? [] : [this.#signal(this.#fence)]), ...texts];
      try {
        await this.#text(`begin not atomic
 declare exit handler for sqlexception begin rollback; resignal; end;
 start transaction; ${work.join('; ')}; commit; end`);
      } catch (error) {
        throw fencedOr(error);
      }
    } else {
      await this.#text('start transaction');
      try {
        if (!proven) await this.#prove();
        for (const text of texts) {
          await this.#text(text);
          await failpoint('batch.statement');
        }
        await this.#text('commit');
        await failpoint('batch.commit.after');
      } catch (error) {
        await this.#text('rollback').catch(() => {});
        throw error;
      }
    }
  }

  /** The fence's row, kept from changing until the transaction ends; no row when it is lost. */
  #held({ query, key }: Fence): string {
    const lock = key === undefined ? '' : ` and is_used_lock('${lockName(key)}') = connection_id()`;
    return `${renderQuery(query, literal)}${lock} lock in share mode`;
  }

  #signal(fence: Fence): string {
    return `if not exists (${this.#held(fence)}) then signal sqlstate '45000' set message_text = '${fenceLost}'; end if`;
  }

  async #prove(): Promise<void> {
    if (this.#fence === undefined) return;
    const { rows } = await this.#text(this.#held(this.#fence));
    if (rows.length === 0) throw new DriverError('fenced', fenceLost);
  }

  /** On a cluster nothing but the lease excludes: the server itself looks at the fence right before it runs the statement. */
  async send(statement: Statement): Promise<void> {
    checkPacket(statement.text, this.server.maxStatementBytes);
    const guarded = this.#fence !== undefined && this.#fence.key === undefined && !this.#inTransaction;
    if (!guarded || !this.#compound) {
      await this.#text(statement.text);
      return;
    }
    try {
      await this.#text(
        `begin not atomic ${this.#signal(this.#fence!)}; execute immediate ${literal(statement.text)}; end`,
      );
    } catch (error) {
      throw fencedOr(error);
    }
  }

  async runAtomic(_script: AtomicScript): Promise<void> {
    throw new Error('DDL is not transactional here');
  }

  async warnings(): Promise<readonly string[]> {
    if (this.#warned === 0) return [];
    const { rows } = await this.#text('show warnings limit 20');
    return readWarnings(rows);
  }

  async begin(): Promise<void> {
    await this.#text('start transaction');
    this.#inTransaction = true;
    try {
      await this.#prove();
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  async commit(record: readonly Query[]): Promise<void> {
    for (const query of record) await this.query(query);
    await failpoint('step.commit.before');
    await this.#text('commit');
    await failpoint('step.commit.after');
    this.#inTransaction = false;
  }

  async rollback(): Promise<void> {
    this.#inTransaction = false;
    await this.#text('rollback').catch(() => {});
  }

  async kysely(guard: QueryGuard) {
    const [{ kyselyOn }, { MysqlAdapter, MysqlIntrospector, MysqlQueryCompiler }] = await Promise.all([
      import('../kysely.js'),
      import('kysely'),
    ]);
    return kyselyOn(
      {
        adapter: () => new MysqlAdapter(),
        compiler: () => new MysqlQueryCompiler(),
        introspector: (db) => new MysqlIntrospector(db),
        insideTransaction: () => this.#inTransaction,
        execute: async (query) => {
          checkPacket(query.sql, this.server.maxStatementBytes);
          const result = await this.#send(query.sql, [...query.parameters]);
          if (Array.isArray(result)) return { rows: result };
          return {
            rows: [],
            numAffectedRows: BigInt(result.affectedRows),
            ...(result.changedRows === undefined ? {} : { numChangedRows: BigInt(result.changedRows) }),
            ...(result.insertId ? { insertId: BigInt(result.insertId) } : {}),
          };
        },
      },
      guard,
    );
  }

  /** Remembers the session's variables at the first call, sets back what has changed at every later one. */
  async reset(): Promise<void> {
    const now = await this.#variables();
    if (this.#kept.size === 0) {
      this.#kept = now;
      return;
    }
    if (this.target.database !== '')
      await this.#text(`use \`${this.target.database.replaceAll('`', '``')}\``);
    const changed = [...this.#kept].filter(([name, value]) => now.get(name) !== value);
    if (changed.length === 0) return;
    const settings = changed.map(
      ([name, value]) => `session ${name} = ${/^\d+$/.test(value) ? value : literal(value)}`,
    );
    await this.#text(`set ${settings.join(', ')}`);
  }

  async #variables(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await this.#text(
      `show session variables where variable_name in (${keptVariables.map((name) => `'${name}'`).join(', ')})`,
    );
    return new Map(rows.map((row) => [String(row.Variable_name), String(row.Value)]));
  }

  /**
   * Named locks are of one node: on a cluster that takes writes on several (Galera; Group Replication without a single
   * primary) and behind Vitess they exclude nobody (seen with galera-4 26.4: two nodes gave one name at once).
   */
  async exclusion(): Promise<Exclusion> {
    const known = this.#exclusion ?? ((await this.#several()) ? 'lease' : 'session');
    this.#exclusion = known;
    return known;
  }

  async #several(): Promise<boolean> {
    const { rows } = await this.#text(
      "show global variables where variable_name in ('wsrep_on', 'wsrep_cluster_address', 'group_replication_single_primary_mode', 'version_comment')",
    );
    const value = (name: string) =>
      String(rows.find((row) => String(row.Variable_name).toLowerCase() === name)?.Value ?? '');
    const galera = value('wsrep_on') === 'ON' && value('wsrep_cluster_address') !== '';
    // Reads see what other nodes have committed before (Galera: wsrep_sync_wait, causality checks).
    if (galera) await this.#text('set session wsrep_sync_wait = 1');
    return (
      galera ||
      value('group_replication_single_primary_mode') === 'OFF' ||
      /vitess/i.test(value('version_comment'))
    );
  }

  useFence(fence: Fence | undefined): void {
    this.#fence = fence;
  }

  async tryLock(key: string): Promise<boolean> {
    const { rows } = await this.#text(`select get_lock('${lockName(key)}', 0) as locked`);
    const locked = rows[0]?.locked;
    if (locked === null) throw new DriverError('lost', 'GET_LOCK failed');
    return Number(locked) === 1;
  }

  async unlock(key: string): Promise<boolean> {
    const { rows } = await this.#text(`select release_lock('${lockName(key)}') as released`);
    return Number(rows[0]?.released) === 1;
  }

  /** What may be seen without rights beyond one's own sessions; with PROCESS, all transactions of the server. */
  async blockers(sessionId: string): Promise<readonly string[]> {
    const { rows } = await this.#text(
      `select p.id as id, p.user as user, p.command as command, p.time as age, left(coalesce(p.info, ''), 80) as query
 from information_schema.processlist p where p.db = database() and p.id <> ${idOf(sessionId).id} and p.id <> connection_id()
 and p.command not in ('Daemon', 'Binlog Dump') order by p.time desc limit 5`,
    );
    return rows.map(
      (row) =>
        `connection ${row.id} (${row.user}, ${String(row.command).toLowerCase()} for ${row.age} s): ${String(row.query).replace(/\s+/g, ' ')}`,
    );
  }

  async isAlive(sessionId: string): Promise<boolean | undefined> {
    const { server, id } = idOf(sessionId);
    // Another node's sessions are not seen from here.
    if (server !== idOf(this.server.sessionId).server) return undefined;
    const { rows } = await this.#text(`select id from information_schema.processlist where id = ${id}`);
    return rows.length > 0;
  }

  async terminate(sessionId: string): Promise<void> {
    const { id } = idOf(sessionId);
    try {
      await this.#text(`kill ${id}`);
    } catch (error) {
      if ((error as DriverError).dbCode !== '1094') throw error;
    }
    for (let i = 0; i < 50 && (await this.isAlive(sessionId)); i++)
      await new Promise((resolve) => setTimeout(resolve, 100));
  }

  async cancel(): Promise<void> {
    const other = await connect(this.target, { ...this.options, access: 'read', onConnect: [] });
    try {
      await other.query({ sql: `kill query ${idOf(this.server.sessionId).id}` });
    } finally {
      await other.close();
    }
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.connection.destroy();
        resolve();
      }, 2000);
      this.connection.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #text(sql: string): Promise<Rows> {
    const result = await this.#send(sql);
    if (Array.isArray(result)) return { rows: result as Row[], affected: 0 };
    return { rows: [], affected: result.affectedRows };
  }

  #send(sql: string, values?: unknown[]): Promise<any> {
    return new Promise((resolve, reject) => {
      const done = (error: unknown, result: unknown) => {
        if (!error) {
          this.#warned = Number((result as { warningStatus?: number } | undefined)?.warningStatus ?? 0);
          return resolve(result);
        }
        const fault = toDriverError(error);
        if (fault.kind === 'lost' && this.loss.error !== undefined) return reject(this.loss.error);
        const position = nearOffset(fault.message, sql);
        reject(
          new DriverError(fault.kind, fault.message, {
            dbCode: fault.dbCode,
            position,
            hint: fault.hint,
            cause: fault.cause,
          }),
        );
      };
      if (values === undefined) this.connection.query(sql, done);
      else this.connection.query(sql, values, done);
    });
  }
}
