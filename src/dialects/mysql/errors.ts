import { DriverError, type FaultKind } from '../dialect.js';

/** Error numbers that mean something to a run. Source: MariaDB and MySQL error references (10.11, 9.7). */
const kinds: Readonly<Record<number, FaultKind>> = {
  1205: 'lock-timeout',
  3572: 'lock-timeout',
  1213: 'retryable',
  1146: 'no-such-table',
  1054: 'no-such-column',
  1044: 'not-allowed',
  1045: 'not-allowed',
  1142: 'not-allowed',
  1143: 'not-allowed',
  1227: 'not-allowed',
  1370: 'not-allowed',
  1698: 'not-allowed',
  1040: 'unreachable',
  1049: 'unreachable',
  1203: 'unreachable',
  1226: 'unreachable',
  1290: 'read-only',
  1792: 'read-only',
  1836: 'read-only',
  1317: 'cancelled',
  1969: 'cancelled',
  3024: 'cancelled',
  1053: 'lost',
  1927: 'lost',
  4031: 'lost',
};

/** What to do about an error that is a matter of settings or rights; same sources. */
const hints: Readonly<Record<number, string>> = {
  1419: 'with a binary log, set global log_bin_trust_function_creators = 1, or give the account SUPER (MariaDB: BINLOG ADMIN)',
  1418: 'declare the function DETERMINISTIC, NO SQL or READS SQL DATA, or set global log_bin_trust_function_creators = 1',
  1449: 'create the account that the DEFINER names, or write DEFINER = CURRENT_USER',
  1173: 'give the table a primary key: this server demands one (innodb_force_primary_key)',
  3750: 'give the table a primary key: this server demands one (sql_require_primary_key)',
  3098: 'give the table a primary key and ENGINE=InnoDB: group replication demands both',
  1364: 'give the column a default or a value: strict mode does not make one up',
};

interface MysqlError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlMessage?: string;
  readonly fatal?: boolean;
}

/** An error of `mysql2` told apart. */
export function toDriverError(thrown: unknown, connecting = false): DriverError {
  if (thrown instanceof DriverError) return thrown;
  const error = thrown as MysqlError;
  const server = error.sqlMessage !== undefined && error.errno !== undefined;
  const kind: FaultKind = server
    ? (kinds[error.errno!] ?? 'statement')
    : connecting
      ? 'unreachable'
      : error.fatal || /^(E[A-Z]+|PROTOCOL_)/.test(error.code ?? '') || /closed state/i.test(error.message)
        ? 'lost'
        : 'statement';
  return new DriverError(kind, hideValues(error.sqlMessage ?? (error.message || String(error.code))), {
    dbCode: server ? String(error.errno) : error.code,
    hint: server ? hints[error.errno!] : undefined,
    cause: thrown,
  });
}

/** 1062, 1292, 1366, 1411 and others quote the row's values. */
function hideValues(message: string): string {
  return message
    .replace(/^Duplicate entry '.*' for key/s, 'Duplicate entry for key')
    .replace(/^((?:Incorrect|Truncated incorrect|Invalid) [\w ]*value)(?:: '.*')(?= for |$)/s, '$1');
}

/** Where in `text` the server says a syntax error is: `near '…' at line N`. Undefined when it does not say. */
export function nearOffset(message: string, text: string): number | undefined {
  const found = /near '([\s\S]*)' at line (\d+)/.exec(message);
  if (found === null) return undefined;
  const near = found[1]!;
  let lineStart = 0;
  for (let line = 1; line < Number(found[2]); line++) lineStart = text.indexOf('\n', lineStart) + 1;
  if (near === '') return text.length;
  // The server cuts the rest of the text at 80 characters; its first appearance from the line on is the place.
  const offset = text.indexOf(near, lineStart);
  return offset === -1 ? lineStart : offset;
}
