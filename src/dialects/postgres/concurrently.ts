import { DriverError, type Query, type Rows } from '../dialect.js';
import { type Facts, judge } from '../trace.js';
import { postgresTracing } from './trace.js';

/** The index that a `CREATE INDEX CONCURRENTLY` makes, as written; undefined for anything else. */
export interface ConcurrentIndex {
  /** Null when the server is to choose it. */
  readonly name: string | null;
  readonly table: string;
}

const part = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
const comment = String.raw`(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)`;
const statement = new RegExp(
  `^create${comment}+(?:unique${comment}+)?index${comment}+concurrently${comment}+(?:(?:if${comment}+not${comment}+exists${comment}+)?(?!on\\b)(${part})${comment}+)?on${comment}+(?:only${comment}+)?(${part}(?:\\.${part})?)`,
  'iu',
);

export function concurrentIndex(text: string): ConcurrentIndex | undefined {
  const found = statement.exec(text);
  return found === null ? undefined : { name: found[1] ?? null, table: found[2]! };
}

/**
 * Sends a `CREATE INDEX CONCURRENTLY` so that it leaves either a valid index or none: what is invalid after a failure is
 * dropped again, and an invalid one that `IF NOT EXISTS` passes over is an error
 * (PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently"; seen on 15 and 18).
 */
export async function buildConcurrently(
  index: ConcurrentIndex,
  query: (query: Query) => Promise<Rows>,
  send: () => Promise<void>,
): Promise<void> {
  if (index.name === null) {
    throw new DriverError(
      'statement',
      'an index built concurrently needs a name: it could not be found again',
      {
        hint: 'name the index',
      },
    );
  }
  const before = await validity(index, query);
  if (before === false) {
    throw new DriverError('statement', `there is an invalid index ${index.name} on ${index.table} already`, {
      hint: `drop index concurrently ${index.name}`,
    });
  }
  try {
    await send();
  } catch (error) {
    if (before === undefined && (await validity(index, query).catch(() => undefined)) === false) {
      const schema = await schemaOf(index, query);
      await query({ sql: `drop index concurrently if exists ${schema}.${index.name}` }).catch(() => {});
    }
    throw error;
  }
}

/** Undefined where there is no such index. */
async function validity(
  index: ConcurrentIndex,
  query: (query: Query) => Promise<Rows>,
): Promise<boolean | undefined> {
  const { rows } = await query({
    sql: `select i.indisvalid as valid from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
 where i.indrelid = pg_catalog.to_regclass(?) and c.relname = (pg_catalog.parse_ident(?))[1]`,
    params: [index.table, index.name],
  });
  return rows[0] === undefined ? undefined : rows[0].valid === true;
}

async function schemaOf(index: ConcurrentIndex, query: (query: Query) => Promise<Rows>): Promise<string> {
  const { rows } = await query({
    sql: `select pg_catalog.quote_ident(n.nspname) as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.oid = pg_catalog.to_regclass(?)`,
    params: [index.table],
  });
  return String(rows[0]?.schema ?? 'public');
}

/**
 * Sends a statement that works in several transactions of its own, so that what a failure leaves is taken up or taken
 * away: a half detached partition is finished, remains of `REINDEX … CONCURRENTLY` are dropped.
 */
export async function sendConcurrently(
  text: string,
  query: (query: Query) => Promise<Rows>,
  send: () => Promise<void>,
): Promise<void> {
  const index = concurrentIndex(text);
  if (index !== undefined) return buildConcurrently(index, query, send);
  const trace = postgresTracing.read(text, {});
  const [kind, table, partition] = trace?.objects[0] ?? [];
  if (trace === undefined || (kind !== 'partition' && kind !== 'remains')) return send();
  const look = async (): Promise<Facts> => {
    const { sql, params } = postgresTracing.facts(trace);
    const { rows } = await query({ sql: `select ${sql} as facts`, params: params ?? [] });
    return JSON.parse(String(rows[0]!.facts)) as Facts;
  };
  const before = await look();
  if (kind === 'partition') {
    if (before[`partition ${partition}`] !== 'half detached') return send();
    await query({ sql: `alter table ${table} detach partition ${partition} finalize` });
    return;
  }
  try {
    await send();
  } catch (error) {
    const { sweep } = judge(trace, before, await look().catch(() => before));
    for (const one of sweep) await query(one).catch(() => {});
    throw error;
  }
}

/** Only a guess for the price of one look; what it is is read from its tokens. */
export function isConcurrent(text: string): boolean {
  return /\bconcurrently\b/i.test(text);
}
