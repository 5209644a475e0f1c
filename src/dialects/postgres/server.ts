import { createHash } from 'node:crypto';
import type { ConnectOptions } from '../dialect.js';
import { literal, quote } from './literal.js';

/** A backend's start as text that does not depend on the session's time zone; null where the role may not see it. */
export function startOf(column: string): string {
  return `pg_catalog.date_part('epoch', ${column})::text`;
}

/** One SELECT that says what the server is. Unprivileged roles may call `pg_control_system()` (seen on 15 and 18). */
export const identitySql = `select pg_catalog.current_setting('server_version') as version,
 pg_catalog.current_setting('server_version_num')::int as number,
 pg_catalog.current_schema() as schema,
 pg_catalog.pg_backend_pid() as pid,
 (select ${startOf('backend_start')} from pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())) as started,
 pg_catalog.pg_is_in_recovery() as recovery,
 pg_catalog.current_setting('transaction_read_only') as read_only,
 (select system_identifier from pg_catalog.pg_control_system())::text as system,
 (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())::text as database`;

/** Settings of a session, for as long as `local` says: of a pooled session only its transaction's. */
export function settings(options: ConnectOptions, local: string): string {
  const always: readonly (readonly [string, string])[] = [
    ['lock_timeout', String(options.ddlLockMs)],
    ['statement_timeout', String(options.statementMs)],
    ['idle_in_transaction_session_timeout', '0'],
    ['standard_conforming_strings', 'on'],
    ['client_encoding', 'UTF8'],
    // A row of the ledger that a policy hides is an error, not an omission.
    ['row_security', 'off'],
    ...(options.schema === undefined ? [] : [['search_path', quote(options.schema)] as const]),
  ];
  const set = (name: string, value: string) => `pg_catalog.set_config('${name}', ${value}, ${local})`;
  // Those that not every version or platform knows. A dead client's statement ends by itself (14 and later, Linux).
  const known = (name: string) => `pg_catalog.current_setting('${name}', true) is not null`;
  return `select ${[
    ...always.map(([name, value]) => set(name, literal(value))),
    `case when pg_catalog.current_setting('synchronous_commit') in ('off', 'local') then ${set('synchronous_commit', "'on'")} end`,
    ...['idle_session_timeout', 'transaction_timeout'].map(
      (name) => `case when ${known(name)} then ${set(name, "'0'")} end`,
    ),
    `case when ${known('client_connection_check_interval')} and pg_catalog.version() like '%linux%' then ${set('client_connection_check_interval', "'2s'")} end`,
  ].join(',\n ')}`;
}

/** A backend's pid, of `ServerInfo.sessionId`. */
export function pidOf(sessionId: string): number {
  return Number.parseInt(sessionId, 10);
}

/** The rows `{ pid, started, same }` of a backend with a session's pid; `same` is null where the role may not see its start. */
export function backendSql(sessionId: string): string {
  const started = literal(sessionId.slice(sessionId.indexOf('/') + 1));
  return `select pid, ${startOf('backend_start')} = ${started} as same from pg_catalog.pg_stat_activity where pid = ${pidOf(sessionId)}`;
}

/** Ends a backend and waits for it; never one that has only come to the same pid. */
export function terminateSql(sessionId: string): string {
  return `select pg_catalog.pg_terminate_backend(pid, 5000) from (${backendSql(sessionId)}) held where same is not false`;
}

/** Our own session lock, as the lock manager shows it (PostgreSQL manual, pg_locks). */
export function lockHeld(key: string): string {
  const { high, low } = lockBits(key);
  return `exists (select from pg_catalog.pg_locks where locktype = 'advisory' and pid = pg_catalog.pg_backend_pid() and classid = ${high} and objid = ${low} and objsubid = 1 and granted)`;
}

/** The halves under which the lock manager shows a lock's key. */
export function lockBits(key: string): { readonly high: bigint; readonly low: bigint } {
  const bits = BigInt.asUintN(64, BigInt(lockKey(key)));
  return { high: bits >> 32n, low: bits & 0xffffffffn };
}

/** First eight bytes of a hash as a signed bigint: advisory locks are per database already. */
export function lockKey(key: string): string {
  return createHash('sha256').update(`dbpat\0${key}`).digest().readBigInt64BE(0).toString();
}
