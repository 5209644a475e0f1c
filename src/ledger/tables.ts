import type { Dialect, Query } from '../dialects/dialect.js';

/** The three tables of one shard, quoted and with their schema where there are schemas. */
export interface LedgerTables {
  readonly main: string;
  readonly log: string;
  readonly lock: string;
  /** Unquoted, for messages. */
  readonly name: string;
}

export function ledgerTables(dialect: Dialect, schema: string | null, table: string): LedgerTables {
  const path = (name: string) =>
    schema === null ? dialect.quote(name) : `${dialect.quote(schema)}.${dialect.quote(name)}`;
  return { main: path(table), log: path(`${table}_log`), lock: path(`${table}_lock`), name: table };
}

/**
 * Creates what is missing; harmless when all is there. The main table comes last: where each CREATE commits by itself, a
 * run that died between them has left a ledger that is not there yet. Writes.
 */
export function createTables(dialect: Dialect, tables: LedgerTables): readonly Query[] {
  const t = dialect.ledger.types;
  const create = (path: string, columns: readonly string[]): Query => ({
    sql: `create table if not exists ${path} (${columns.join(', ')}) ${dialect.ledger.tableOptions}`.trimEnd(),
  });
  return [
    create(tables.log, [
      `seq ${t.sequence} primary key`,
      `at ${t.timestamp} not null`,
      `run_id ${t.key} not null`,
      `version ${t.key}`,
      `phase ${t.key}`,
      `direction ${t.key}`,
      `event ${t.key} not null`,
      `actor ${t.text} not null`,
      `detail ${t.text}`,
    ]),
    create(tables.lock, [
      `name ${t.key} primary key`,
      `holder ${t.text}`,
      `host ${t.text}`,
      `pid ${t.long}`,
      `run_id ${t.text}`,
      `epoch ${t.long} not null`,
      `beat ${t.long} not null`,
      `session ${t.text}`,
    ]),
    create(tables.main, [
      `version ${t.key} not null`,
      `phase ${t.key} not null`,
      `description ${t.text} not null`,
      `checksum ${t.text} not null`,
      `status ${t.key} not null`,
      `applied_order ${t.long} not null`,
      `applied_at ${t.timestamp} not null`,
      `duration_ms ${t.long} not null`,
      `run_id ${t.key} not null`,
      `applied_by ${t.text} not null`,
      `tool_version ${t.text} not null`,
      `progress ${t.text}`,
      `error ${t.text}`,
      `source ${t.text}`,
      'primary key (version, phase)',
    ]),
  ];
}
