import { createHash } from 'node:crypto';
import { DriverError } from '../dialect.js';

/** What a migration may leave behind in its session, read at the start and set again after it. */
export const keptVariables = [
  'sql_mode',
  'foreign_key_checks',
  'unique_checks',
  'time_zone',
  'autocommit',
  'sql_safe_updates',
  'sql_log_bin',
  'character_set_client',
  'character_set_connection',
  'character_set_results',
  'collation_connection',
  'lock_wait_timeout',
  'innodb_lock_wait_timeout',
  'tx_isolation',
  'transaction_isolation',
  'tx_read_only',
  'transaction_read_only',
  'max_statement_time',
  'max_execution_time',
  'auto_increment_increment',
  'auto_increment_offset',
  'div_precision_increment',
  'lc_time_names',
  'check_constraint_checks',
  'sql_require_primary_key',
  'sql_generate_invisible_primary_key',
  'default_storage_engine',
  'sql_auto_is_null',
  'sql_quote_show_create',
  'group_concat_max_len',
  'explicit_defaults_for_timestamp',
];

export const fenceLost = 'another run has taken the lock over';

export function fencedOr(error: unknown): unknown {
  return error instanceof DriverError && error.dbCode === '1644' && error.message === fenceLost
    ? new DriverError('fenced', fenceLost, { cause: error })
    : error;
}

/** The parts of `ServerInfo.sessionId`: connection ids are each server's own. */
export function idOf(sessionId: string): { readonly id: number; readonly server: string } {
  const [id = '', ...server] = sessionId.split('/');
  return { id: Number(id), server: server.join('/') };
}

/** Always under 64 characters; named locks are server-wide, so the database is part of the key. */
export function lockName(key: string): string {
  return `dbpat:${createHash('sha256').update(key).digest('hex').slice(0, 40)}`;
}
