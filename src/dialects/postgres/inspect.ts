import type { Inspector } from '../inspector.js';
import { lockBits, startOf } from './server.js';

export const inspector: Inspector = {
  /** What other roles' sessions do is shown only to members of pg_read_all_stats; their pid always is. */
  async lockHolder(session, key) {
    const { high, low } = lockBits(key);
    const { rows } = await session.query({
      sql: `select a.pid, ${startOf('a.backend_start')} as started, a.usename, a.client_addr::text as client, a.state,
 pg_catalog.floor(extract(epoch from pg_catalog.clock_timestamp() - a.state_change))::int as seconds,
 pg_catalog.to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as since
 from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'advisory' and l.classid = ${high} and l.objid = ${low} and l.objsubid = 1 and l.granted
 and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`,
    });
    const row = rows[0];
    if (row === undefined) return undefined;
    return {
      id: `${row.pid}/${row.started ?? ''}`,
      user: textOrNull(row.usename),
      client: textOrNull(row.client),
      state: textOrNull(row.state),
      stateSeconds: row.seconds === null ? null : Number(row.seconds),
      since: textOrNull(row.since),
    };
  },
};

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
