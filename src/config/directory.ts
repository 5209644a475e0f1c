import { DriverError, type Row, type Rows } from '../dialects/dialect.js';
import { attemptMs, untilReachable } from '../dialects/reach.js';
import { DbpatError, type Fault } from '../errors.js';
import { keyPath } from './check.js';
import type { Config } from './config.js';
import { nearest, printable } from './nearest.js';
import type { DirectorySetting } from './settings.js';
import { locate, type ResolveContext } from './shards.js';
import { needsTls, resolveTls } from './tls.js';

const columns = [
  'name',
  'url',
  'directUrl',
  'replicas',
  'group',
  'labels',
  'schema',
  'protected',
  'tls',
] as const;
type Column = (typeof columns)[number];

/**
 * Shards as rows of a database, in the order of the query, written as in a list. Opens one session that reads.
 * @throws DbpatError `unreachable`, `not_allowed`, `tls_required`, `driver_missing`
 */
export async function readDirectory(
  setting: DirectorySetting,
  path: string,
  timeouts: Config['timeouts'],
  context: ResolveContext,
): Promise<unknown[]> {
  const { faults } = context;
  const queryPath = keyPath(path, 'query');
  const located = locate(setting.url, setting.url?.path ?? keyPath(path, 'url'), context);
  const sql = setting.query.trim().replace(/;+$/, '');
  if (!/^(select|with)\b/i.test(sql)) faults.push({ path: queryPath, message: 'is not a SELECT' });
  if (sql.includes('?')) faults.push({ path: queryPath, message: 'holds a ?, which would be a parameter' });
  if (located === undefined) return [];
  const { dialect, target } = located;
  const tls = resolveTls(setting.tls, [target], keyPath(path, 'tls'), context.root, faults);
  if (faults.length > 0) return [];
  if (needsTls(setting.tls, [target])) {
    throw new DbpatError('tls_required', 'refused: the directory of shards would be reached without TLS', {
      hint: "take sslmode=disable out of the URL, or say tls: 'off' beside it",
    });
  }
  let result: Rows;
  try {
    const connect = (leftMs: number) =>
      dialect.connect(target, {
        access: 'read',
        tls,
        ...timeouts,
        connectMs: attemptMs(timeouts.connectMs, leftMs),
        onConnect: [],
        resolveFrom: context.root,
        applicationName: 'dbpat',
      });
    const session = await untilReachable(connect, context.reach ?? { waitMs: 0 });
    try {
      result = await session.query({ sql });
    } finally {
      await session.close();
    }
  } catch (error) {
    throw directoryError(error, target.display);
  }
  if (result.rows.length === 0) faults.push({ path: queryPath, message: 'returned no shards' });
  return rowsToShards(result.rows, path, faults);
}

function directoryError(error: unknown, display: string): unknown {
  if (!(error instanceof DriverError)) return error;
  const code =
    error.kind === 'not-allowed'
      ? 'not_allowed'
      : error.kind.startsWith('no-such')
        ? 'config_invalid'
        : 'unreachable';
  return new DbpatError(code, `the directory of shards, ${display}: ${error.message}`, {
    dbCode: error.dbCode,
    hint: error.hint,
    cause: error,
  });
}

/** Unknown columns are faults, as unknown keys are: a misspelt `schema` must not be lost. */
function rowsToShards(rows: readonly Row[], path: string, faults: Fault[]): unknown[] {
  const names = new Map<string, Column>();
  const unknown: string[] = [];
  for (const written of Object.keys(rows[0] ?? {})) {
    const flat = written.replaceAll('_', '').toLowerCase();
    const column = columns.find((known) => known.toLowerCase() === flat);
    const near = nearest(written, columns);
    const name = printable(written);
    if (column === undefined) unknown.push(near === undefined ? name : `${name} (did you mean ${near}?)`);
    else names.set(written, column);
  }
  if (unknown.length > 0) {
    const message = `selects unknown columns: ${unknown.join(', ')}; known are ${columns.join(', ')}`;
    faults.push({ path: keyPath(path, 'query'), message });
  }
  return rows.map((row, index) => {
    const fields = [...names].flatMap(([written, column]) => {
      const value = readColumn(column, row[written], `${path}[${index}].${column}`, faults);
      return value === undefined || value === null ? [] : [[column, value]];
    });
    return Object.fromEntries(fields);
  });
}

function readColumn(column: Column, value: unknown, path: string, faults: Fault[]): unknown {
  if (column === 'protected' && (typeof value === 'number' || typeof value === 'bigint'))
    return Number(value) !== 0;
  if ((column !== 'labels' && column !== 'replicas') || typeof value !== 'string') return value;
  if (value === '') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    faults.push({ path, message: 'is not JSON' });
    return undefined;
  }
}
