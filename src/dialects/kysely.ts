import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  Kysely,
  type QueryCompiler,
  type QueryResult,
} from 'kysely';
import type { QueryGuard } from './dialect.js';

/** What Kysely needs to know of a dialect, and how a compiled query reaches the session. */
export interface KyselyParts {
  readonly adapter: () => DialectAdapter;
  readonly compiler: () => QueryCompiler;
  readonly introspector: (db: Kysely<any>) => DatabaseIntrospector;
  execute(query: CompiledQuery): Promise<QueryResult<any>>;
  /** The session is inside a transaction of dbpat's own: the module's transactions become savepoints. */
  insideTransaction(): boolean;
}

/**
 * Kysely on one open session. Its transactions are savepoints where dbpat holds the transaction; connections are never
 * opened or closed by it.
 */
export function kyselyOn(parts: KyselyParts, guard: QueryGuard): Kysely<any> {
  const execute = (query: CompiledQuery) => guard(query.sql, () => parts.execute(query), query.parameters);
  const connection: DatabaseConnection = {
    executeQuery: (query) => execute(query),
    async *streamQuery(query) {
      yield await execute(query);
    },
  };
  let depth = 0;
  const raw = (sql: string) => execute(CompiledQuery.raw(sql)).then(() => undefined);
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: async () => {
      if (parts.insideTransaction()) await raw(`savepoint dbpat_${++depth}`);
      else await raw('begin');
    },
    commitTransaction: async () => {
      if (depth > 0) await raw(`release savepoint dbpat_${depth--}`);
      else await raw('commit');
    },
    rollbackTransaction: async () => {
      if (depth === 0) return raw('rollback');
      await raw(`rollback to savepoint dbpat_${depth}`);
      await raw(`release savepoint dbpat_${depth--}`);
    },
    savepoint: async (_connection, name) => raw(`savepoint ${name}`),
    rollbackToSavepoint: async (_connection, name) => raw(`rollback to savepoint ${name}`),
    releaseSavepoint: async (_connection, name) => raw(`release savepoint ${name}`),
    releaseConnection: async () => {},
    destroy: async () => {},
  };
  const dialect: Dialect = {
    createAdapter: parts.adapter,
    createDriver: () => driver,
    createIntrospector: parts.introspector,
    createQueryCompiler: parts.compiler,
  };
  return new Kysely<any>({ dialect });
}
