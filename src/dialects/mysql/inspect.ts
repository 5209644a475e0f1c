import type { Inspector } from '../inspector.js';
import { idOf, lockName } from './server.js';

export const inspector: Inspector = {
  /** Sessions of other accounts are shown only with the PROCESS privilege; the number of the lock's owner always is. */
  async lockHolder(session, key) {
    const { rows } = await session.query({
      sql: `select owner.id as id, p.user as user, p.host as client, lower(p.command) as state, p.time as seconds
 from (select is_used_lock('${lockName(key)}') as id) owner left join information_schema.processlist p on p.id = owner.id`,
    });
    const row = rows[0];
    if (row === undefined || row.id === null) return undefined;
    return {
      id: `${row.id}/${idOf(session.server.sessionId).server}`,
      user: row.user === null ? null : String(row.user),
      client: row.client === null ? null : String(row.client),
      state: row.state === null ? null : String(row.state),
      stateSeconds: row.seconds === null ? null : Number(row.seconds),
      since: null,
    };
  },
};
