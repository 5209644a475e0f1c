import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { type ServerName, serverUrl } from './servers.js';

export type Kind = 'sqlite' | ServerName;
export const kinds: readonly Kind[] = [
  'sqlite',
  'postgres15',
  'postgres16',
  'postgres17',
  'postgres18',
  'mariadb',
  'mysql',
];

/** One of each product, the newest there is. */
export const products = ['sqlite', 'postgres18', 'mariadb', 'mysql'] as const satisfies readonly Kind[];

/** A database of its own on a real server, reached without dbpat. */
export interface TestDatabase {
  readonly kind: Kind;
  readonly url: string;
  query(sql: string): Promise<any[]>;
  /** Names of the tables, sorted. */
  tables(): Promise<string[]>;
  /** Runs the statement in a transaction of another session, which stays open until the answer is called. */
  hold(sql: string): Promise<() => Promise<void>>;
  drop(): Promise<void>;
}

export function createDatabase(kind: Kind): Promise<TestDatabase> {
  const name = `t${randomBytes(6).toString('hex')}`;
  if (kind === 'sqlite') return createSqlite(name);
  return kind === 'mariadb' || kind === 'mysql' ? createMysql(kind, name) : createPostgres(kind, name);
}

async function createSqlite(name: string): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'dbpat-sqlite-'));
  const path = join(folder, `${name}.db`);
  const using = <T>(work: (db: Database.Database) => T): T => {
    const db = new Database(path, { timeout: 5000 });
    try {
      return work(db);
    } finally {
      db.close();
    }
  };
  const query = async (sql: string) =>
    using((db) => {
      const statement = db.prepare(sql);
      if (statement.reader) return statement.all();
      statement.run();
      return [];
    });
  return {
    kind: 'sqlite',
    url: `sqlite:${path}`,
    query,
    tables: async () =>
      (
        await query(
          "select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by 1",
        )
      ).map((row: any) => row.name),
    hold: async (sql) => {
      const db = new Database(path);
      db.exec('begin immediate');
      db.exec(sql);
      return async () => {
        db.exec('rollback');
        db.close();
      };
    },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function createPostgres(
  kind: Exclude<Kind, 'sqlite' | 'mariadb' | 'mysql'>,
  name: string,
): Promise<TestDatabase> {
  const server = await serverUrl(kind);
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = server.replace(/\/postgres$/, `/${name}`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    kind,
    url,
    query: async (sql) => (await client.query(sql)).rows ?? [],
    tables: async () => {
      const { rows } = await client.query(
        "select tablename from pg_tables where schemaname = 'public' order by 1",
      );
      return rows.map((row) => row.tablename);
    },
    hold: async (sql) => {
      const other = new pg.Client({ connectionString: url });
      await other.connect();
      await other.query('begin');
      await other.query(sql);
      return async () => {
        await other.query('rollback');
        await other.end();
      };
    },
    drop: async () => {
      await client.end();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}

async function createMysql(kind: 'mariadb' | 'mysql', name: string): Promise<TestDatabase> {
  const server = await serverUrl(kind);
  const url = server.replace(/\/mysql$/, `/${name}`);
  const admin = await mysql.createConnection(server);
  await admin.query(`create database ${name} character set utf8mb4`);
  const connection = await mysql.createConnection(url);
  const query = async (sql: string) => {
    const [rows] = await connection.query(sql);
    return Array.isArray(rows) ? (rows as any[]).map((row) => ({ ...row })) : [];
  };
  return {
    kind,
    url,
    query,
    tables: async () => (await query('show tables')).map((row) => String(Object.values(row)[0])).sort(),
    hold: async (sql) => {
      const other = await mysql.createConnection(url);
      await other.query('start transaction');
      await other.query(sql);
      return async () => {
        await other.query('rollback');
        await other.end();
      };
    },
    drop: async () => {
      await connection.end();
      await admin.query(`drop database ${name}`);
      await admin.end();
    },
  };
}
