import { sqliteRules } from '../../sql/sqlite.js';
import type { Dialect } from '../dialect.js';
import { connect } from './session.js';
import { parseSqliteUrl } from './url.js';

export const sqlite: Dialect = {
  name: 'sqlite',
  schemes: ['sqlite'],
  fileTags: ['sqlite', 'sqlite3'],
  capabilities: {
    transactionalDdl: true,
    files: true,
    schemas: false,
    storedFunctions: false,
    createsDatabase: true,
  },
  sqlRules: sqliteRules,
  ledger: {
    types: {
      key: 'text',
      text: 'text',
      long: 'integer',
      integer: 'integer',
      timestamp: 'text',
      sequence: 'integer',
    },
    tableOptions: '',
    now: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    elapsedMs: null,
    concat: (pieces) => pieces.join(' || '),
    iso: (column) => column,
    upsert: (key, columns) =>
      `on conflict (${key.join(', ')}) do update set ${columns.map((c) => `${c} = excluded.${c}`).join(', ')}`,
    columns: (table) => ({ sql: 'select name from pragma_table_info(?)', params: [table] }),
    elsewhere: () => null,
  },
  parseUrl: parseSqliteUrl,
  quote: (identifier) => `"${identifier.replaceAll('"', '""')}"`,
  maxIdentifierBytes: 255,
  connect,
  inspector: async () => (await import('./inspect.js')).inspector,
};
