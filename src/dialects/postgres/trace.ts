import { postgresRules } from '../../sql/postgres.js';
import { type Token, TokenReader, tokensOf } from '../../sql/tokens.js';
import type { Query, SqlValue } from '../dialect.js';
import type { Trace, Tracing } from '../trace.js';
import { quote } from './literal.js';

/** Dies with the session that made it: after a crash there is nothing to find. */
const gone: Trace = { objects: [], changes: [] };
const dropIndex = 'drop index concurrently if exists';

/**
 * The statements that PostgreSQL runs in transactions of their own (manual part VI, 15 to 18); anything else shares a
 * transaction with its record and leaves no doubt.
 */
export const postgresTracing: Tracing = {
  read: (statement) => {
    const tokens = tokensOf(statement, postgresRules);
    return tokens === undefined ? undefined : readTrace(new TokenReader(tokens));
  },
  facts,
  place: "pg_catalog.to_json(pg_catalog.current_setting('search_path'))::text",
  enter: (place) => ({ sql: "select pg_catalog.set_config('search_path', ?, false)", params: [place] }),
};

function readTrace(reader: TokenReader): Trace | undefined {
  switch (reader.next()?.upper) {
    case 'CREATE':
      return readCreate(reader);
    case 'DROP':
      return readDrop(reader);
    case 'REINDEX':
      return readReindex(reader);
    case 'ALTER':
      return readAlter(reader);
    default:
      return undefined;
  }
}

function readCreate(reader: TokenReader): Trace | undefined {
  reader.takeOne(['GLOBAL', 'LOCAL']);
  if (reader.takeOne(['TEMP', 'TEMPORARY']) !== undefined) return gone;
  reader.take('UNIQUE');
  if (reader.take('INDEX', 'CONCURRENTLY')) {
    reader.take('IF', 'NOT', 'EXISTS');
    const name = nameOf(reader);
    if (name === undefined || !reader.take('ON')) return undefined;
    reader.take('ONLY');
    const table = pathOf(reader);
    if (table === undefined) return undefined;
    return {
      objects: [['index', table, name]],
      changes: [{ to: 'present', fact: `index ${name}` }],
      sweep: dropIndex,
    };
  }
  const kind = reader.takeOne(['DATABASE', 'TABLESPACE', 'SUBSCRIPTION']);
  const name = kind === undefined ? undefined : nameOf(reader);
  return name === undefined ? undefined : named(kind!, name, 'present');
}

function readDrop(reader: TokenReader): Trace | undefined {
  if (reader.take('INDEX', 'CONCURRENTLY')) {
    reader.take('IF', 'EXISTS');
    const path = pathOf(reader);
    if (path === undefined) return undefined;
    return {
      objects: [['relation', path]],
      changes: [{ to: 'absent', fact: `index ${path}` }],
      restart: true,
    };
  }
  const kind = reader.takeOne(['DATABASE', 'TABLESPACE', 'SUBSCRIPTION']);
  reader.take('IF', 'EXISTS');
  const name = kind === undefined ? undefined : nameOf(reader);
  // an interrupted DROP DATABASE leaves one that can only be dropped again
  return name === undefined ? undefined : { ...named(kind!, name, 'absent'), restart: true };
}

function named(kind: string, name: string, to: 'present' | 'absent' | 'changed'): Trace {
  const word = kind.toLowerCase();
  return { objects: [[word, name]], changes: [{ to, fact: `${word} ${name}` }] };
}

function readReindex(reader: TokenReader): Trace | undefined {
  reader.group();
  const kind = reader.takeOne(['INDEX', 'TABLE', 'SCHEMA', 'DATABASE', 'SYSTEM']);
  if (kind === undefined) return undefined;
  reader.take('CONCURRENTLY');
  const path = kind === 'INDEX' ? pathOf(reader) : undefined;
  const remains = { sweep: dropIndex, restart: true } as const;
  if (path === undefined) return { objects: [['remains']], changes: [], ...remains };
  return {
    objects: [['remains'], ['relation', path]],
    changes: [{ to: 'changed', fact: `index ${path}` }],
    ...remains,
  };
}

function readAlter(reader: TokenReader): Trace | undefined {
  if (reader.take('TABLE')) {
    reader.take('IF', 'EXISTS');
    reader.take('ONLY');
    const table = pathOf(reader);
    const partition = reader.take('DETACH', 'PARTITION') ? pathOf(reader) : undefined;
    if (table === undefined || partition === undefined) return undefined;
    return {
      objects: [['partition', table, partition]],
      changes: [{ to: 'absent', fact: `partition ${partition}` }],
      restart: true,
    };
  }
  if (reader.take('DATABASE')) {
    const name = nameOf(reader);
    return name === undefined ? undefined : named('DATABASE', name, 'changed');
  }
  if (!reader.take('SUBSCRIPTION')) return undefined;
  const name = nameOf(reader);
  if (name === undefined) return undefined;
  if (reader.take('REFRESH')) return { objects: [], changes: [], restart: true };
  return named('SUBSCRIPTION', name, 'changed');
}

/** A name as the server would write it: folded unless quoted, in quotes. */
function nameOf(reader: TokenReader): string | undefined {
  const token = reader.peek();
  const name = reader.name();
  return name === undefined ? undefined : quote(folded(token!, name));
}

function folded(token: Token, name: string): string {
  return token.kind === 'word' ? name.replace(/[A-Z]/g, (c) => c.toLowerCase()) : name;
}

function pathOf(reader: TokenReader): string | undefined {
  const first = nameOf(reader);
  if (first === undefined || !reader.take('.')) return first;
  const second = nameOf(reader);
  return second === undefined ? undefined : `${first}.${second}`;
}

const qualified =
  "pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', pg_catalog.quote_ident(c.relname))";
const indexes =
  'pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace';
/** The argument of a name in quotes, as the catalogue writes it. */
const plain = '(pg_catalog.parse_ident(?))[1]';

interface Source {
  /** Rows of two texts: the fact and its value. */
  readonly sql: string;
  params(...names: readonly string[]): readonly SqlValue[];
}

/** PostgreSQL manual chapter 53 "System Catalogs", 15 to 18. */
const sources: Readonly<Record<string, Source>> = {
  index: {
    sql: `select case when i.indisvalid and i.indisready then ? else pg_catalog.concat('leftover ', ${qualified}) end, c.oid::text
 from ${indexes} where i.indrelid = pg_catalog.to_regclass(?) and c.relname = ${plain}`,
    params: (table, name) => [`index ${name}`, table!, name!],
  },
  relation: {
    sql: 'select ?, c.oid::text from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass(?)',
    params: (path) => [`index ${path}`, path!],
  },
  remains: {
    sql: `select pg_catalog.concat('leftover ', ${qualified}), c.oid::text from ${indexes} where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'`,
    params: () => [],
  },
  partition: {
    sql: `select ?, case when h.inhdetachpending then 'half detached' else 'attached' end from pg_catalog.pg_inherits h
 where h.inhparent = pg_catalog.to_regclass(?) and h.inhrelid = pg_catalog.to_regclass(?)`,
    params: (table, partition) => [`partition ${partition}`, table!, partition!],
  },
  database: {
    sql: `select ?, d.dattablespace::text from pg_catalog.pg_database d where d.datname = ${plain}`,
    params: (name) => [`database ${name}`, name!],
  },
  tablespace: {
    sql: `select ?, '' from pg_catalog.pg_tablespace s where s.spcname = ${plain}`,
    params: (name) => [`tablespace ${name}`, name!],
  },
  subscription: {
    sql: `select ?, s.subpublications::text from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid
 where d.datname = pg_catalog.current_database() and s.subname = ${plain}`,
    params: (name) => [`subscription ${name}`, name!],
  },
};

function facts(trace: Trace): Query {
  if (trace.objects.length === 0) return { sql: "'{}'" };
  const parts = trace.objects.map(([kind, ...names]) => {
    const source = sources[kind!]!;
    return { sql: source.sql, params: source.params(...names) };
  });
  return {
    sql: `(select coalesce(pg_catalog.json_object_agg(f.k, f.v), '{}')::text from (${parts.map(({ sql }) => sql).join(' union all ')}) f (k, v))`,
    params: parts.flatMap(({ params }) => params),
  };
}
