import { postgresRules } from '../../sql/postgres.js';
import type { Dialect } from '../dialect.js';
import { quote } from './literal.js';
import { connect } from './session.js';
import { postgresTracing } from './trace.js';
import { parsePostgresUrl } from './url.js';

export const postgres: Dialect = {
  name: 'postgres',
  schemes: ['postgres', 'postgresql'],
  fileTags: ['postgres', 'postgresql', 'pg'],
  capabilities: {
    transactionalDdl: true,
    files: false,
    schemas: true,
    storedFunctions: true,
    createsDatabase: false,
  },
  sqlRules: postgresRules,
  ledger: {
    types: {
      key: 'text collate "C"',
      text: 'text',
      long: 'bigint',
      integer: 'integer',
      timestamp: 'timestamptz',
      sequence: 'bigint generated always as identity',
    },
    tableOptions: '',
    now: 'pg_catalog.clock_timestamp()',
    elapsedMs:
      '(extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp()) * 1000)::bigint',
    concat: (pieces) => `pg_catalog.concat(${pieces.join(', ')})`,
    iso: (column) => `pg_catalog.to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    upsert: (key, columns) =>
      `on conflict (${key.join(', ')}) do update set ${columns.map((c) => `${c} = excluded.${c}`).join(', ')}`,
    columns: (table, schema) => ({
      sql: `select attname as name from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass(?) and attnum > 0 and not attisdropped`,
      params: [`${quote(schema ?? 'public')}.${quote(table)}`],
    }),
    elsewhere: (table, schema) => ({
      sql: `select n.nspname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relname = ? and n.nspname = any (pg_catalog.current_schemas(false)) and n.nspname <> ?`,
      params: [table, schema ?? ''],
    }),
  },
  tracing: postgresTracing,
  parseUrl: parsePostgresUrl,
  quote,
  maxIdentifierBytes: 63,
  connect,
  inspector: async () => (await import('./inspect.js')).inspector,
};
