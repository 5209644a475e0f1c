import { mysqlRules } from '../../sql/mysql.js';
import type { Dialect } from '../dialect.js';
import { quote } from './literal.js';
import { connect } from './session.js';
import { mysqlTracing } from './trace.js';
import { parseMysqlUrl } from './url.js';

export const mysql: Dialect = {
  name: 'mysql',
  schemes: ['mysql', 'mariadb'],
  fileTags: ['mysql', 'mariadb'],
  capabilities: {
    transactionalDdl: false,
    files: false,
    schemas: false,
    storedFunctions: true,
    createsDatabase: false,
  },
  sqlRules: mysqlRules,
  ledger: {
    types: {
      key: 'varchar(191)',
      text: 'longtext',
      long: 'bigint',
      integer: 'int',
      timestamp: 'datetime(6)',
      sequence: 'bigint auto_increment',
    },
    tableOptions: 'engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin',
    now: 'utc_timestamp(6)',
    elapsedMs: null,
    concat: (pieces) => `concat(${pieces.join(', ')})`,
    iso: (column) => `concat(left(date_format(${column}, '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')`,
    // The one spelling that MariaDB, TiDB and every MySQL take; MySQL warns of it (1287) since 8.0.20.
    upsert: (_key, columns) =>
      `on duplicate key update ${columns.map((c) => `${c} = values(${c})`).join(', ')}`,
    columns: (table) => ({
      sql: 'select column_name as name from information_schema.columns where table_schema = database() and table_name = ? order by ordinal_position',
      params: [table],
    }),
    elsewhere: () => null,
  },
  tracing: mysqlTracing,
  parseUrl: parseMysqlUrl,
  quote,
  maxIdentifierBytes: 64,
  connect,
  inspector: async () => (await import('./inspect.js')).inspector,
};
