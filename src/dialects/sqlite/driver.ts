import { createRequire } from 'node:module';
import { DbpatError } from '../../errors.js';
import type { Row, SqlValue } from '../dialect.js';
import { loadDriver } from '../driver.js';

/** What dbpat needs of a SQLite library; synchronous. */
export interface SqliteDb {
  readonly inTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export interface SqliteStatement {
  /** It returns rows. */
  readonly reader: boolean;
  all(params: readonly SqlValue[]): readonly Row[];
  run(params: readonly SqlValue[]): { changes: number; lastInsertRowid: number | bigint };
}

export interface OpenOptions {
  readonly readonly: boolean;
  readonly busyMs: number;
}

export type OpenSqlite = (path: string, options: OpenOptions) => SqliteDb;

/**
 * better-sqlite3 where the project or dbpat has it, else Node's own (from 22.16 on).
 * better-sqlite3 13 needs Node-API 10 and crashes the process without it (WiseLibs/better-sqlite3#1514): checked before.
 * @throws DbpatError `driver_missing`
 */
export async function loadSqlite(resolveFrom: string): Promise<OpenSqlite> {
  try {
    return await loadBetterSqlite(resolveFrom);
  } catch (error) {
    if (!(error instanceof DbpatError) || error.code !== 'driver_missing') throw error;
    const own = await loadNodeSqlite();
    if (own !== undefined) return own;
    throw error;
  }
}

async function loadBetterSqlite(resolveFrom: string): Promise<OpenSqlite> {
  const install = Number(process.versions.napi) >= 10 ? 'npm i better-sqlite3' : 'npm i better-sqlite3@12';
  refuseTooNew(resolveFrom, install);
  type Library = typeof import('better-sqlite3');
  const Database = await loadDriver<Library>('better-sqlite3', resolveFrom, install);
  return (path, options) => {
    const db = new Database(path, { readonly: options.readonly, timeout: options.busyMs });
    return {
      get inTransaction() {
        return db.inTransaction;
      },
      prepare: (sql) => {
        const statement = db.prepare(sql);
        return {
          reader: statement.reader,
          all: (params) => statement.all(...params) as Row[],
          run: (params) => statement.run(...params),
        };
      },
      close: () => {
        db.close();
      },
    };
  };
}

function refuseTooNew(resolveFrom: string, install: string): void {
  if (Number(process.versions.napi) >= 10) return;
  for (const base of [`${resolveFrom}/`, import.meta.url]) {
    let version: string;
    try {
      version = createRequire(base)('better-sqlite3/package.json').version;
    } catch {
      continue;
    }
    if (Number.parseInt(version, 10) < 13) return;
    throw new DbpatError(
      'driver_missing',
      `better-sqlite3 ${version} needs Node 22.14 or later; this is Node ${process.versions.node}`,
      {
        hint: install,
      },
    );
  }
}

async function loadNodeSqlite(): Promise<OpenSqlite | undefined> {
  const name = 'node:sqlite';
  type Library = {
    DatabaseSync: new (path: string, options: { readOnly: boolean; timeout: number }) => NodeSqlite;
  };
  interface NodeSqlite {
    readonly isTransaction: boolean;
    prepare(sql: string): {
      columns(): readonly unknown[];
      all(...params: readonly SqlValue[]): Row[];
      run(...params: readonly SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
    };
    close(): void;
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 16)) return undefined;
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  let library: Library;
  try {
    library = (await import(name)) as Library;
  } finally {
    process.emitWarning = emitWarning;
  }
  return (path, options) => {
    const db = new library.DatabaseSync(path, { readOnly: options.readonly, timeout: options.busyMs });
    return {
      get inTransaction() {
        return db.isTransaction;
      },
      prepare: (sql) => {
        const statement = db.prepare(sql);
        return {
          reader: statement.columns().length > 0,
          all: (params) => statement.all(...params),
          run: (params) => {
            const result = statement.run(...params);
            return { changes: Number(result.changes), lastInsertRowid: result.lastInsertRowid };
          },
        };
      },
      close: () => {
        db.close();
      },
    };
  };
}
