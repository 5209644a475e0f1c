import { DriverError, type FaultKind } from '../dialect.js';

/** SQLSTATE classes and codes that mean something to a run. Source: PostgreSQL manual, appendix A (18). */
const kinds: Readonly<Record<string, FaultKind>> = {
  '55P03': 'lock-timeout',
  '40P01': 'retryable',
  '40001': 'retryable',
  '42P01': 'no-such-table',
  '3F000': 'no-such-table',
  '42703': 'no-such-column',
  '42501': 'not-allowed',
  '28000': 'not-allowed',
  '28P01': 'not-allowed',
  '25006': 'read-only',
  '57014': 'cancelled',
  '57P01': 'lost',
  '57P02': 'lost',
  '57P03': 'unreachable',
  '25P03': 'lost',
  '57P05': 'lost',
  '3D000': 'unreachable',
  '53300': 'unreachable',
};

interface PgError extends Error {
  readonly code?: string;
  readonly position?: string;
  readonly hint?: string;
  readonly constraint?: string;
  readonly where?: string;
}

/**
 * An error of `pg` told apart. `detail` is left out: it shows row data (23505 names the key's values).
 * `position` stays as the server gave it; the caller turns it into an offset of the statement.
 */
export function toDriverError(thrown: unknown, connecting = false): DriverError {
  if (thrown instanceof DriverError) return thrown;
  const error = thrown as PgError;
  const code = error.code;
  const socket = code === undefined || /^E[A-Z_]+$/.test(code);
  const kind: FaultKind =
    (code !== undefined ? (kinds[code] ?? (code.startsWith('08') ? 'lost' : undefined)) : undefined) ??
    (socket ? (connecting ? 'unreachable' : isLoss(error) ? 'lost' : 'statement') : 'statement');
  return new DriverError(kind, hideValues(error.message || String(code ?? thrown), code), {
    dbCode: code,
    position: error.position === undefined ? undefined : Number(error.position),
    hint: error.hint,
    cause: thrown,
  });
}

/** Codes whose message quotes the value that did not fit: invalid text, date or time, out of range. */
const quoting = ['22P02', '22003', '22007', '22008'];

function hideValues(message: string, code = ''): string {
  return quoting.includes(code) ? message.replace(/"[\s\S]*"/, '"…"') : message;
}

function isLoss(error: PgError): boolean {
  return error.code !== undefined || /connection|terminated|socket|not queryable/i.test(error.message);
}

export function endedEarly(): DriverError {
  return new DriverError('statement', 'the migration ended its transaction itself (COMMIT or ROLLBACK)', {
    dbCode: 'ended-early',
  });
}

export function fenced(cause: DriverError): DriverError {
  return new DriverError('fenced', 'another run has taken the lock over', { cause });
}
