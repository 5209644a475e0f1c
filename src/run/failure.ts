import type { Shard } from '../config/config.js';
import { DriverError } from '../dialects/dialect.js';
import { DbpatError, type ErrorCode, toDbpatError } from '../errors.js';
import type { MigrationPart } from '../migration/migration.js';
import type { PlannedStep } from '../plan/plan.js';

const connectionCodes: Partial<Record<DriverError['kind'], ErrorCode>> = {
  unreachable: 'unreachable',
  lost: 'unreachable',
  'not-allowed': 'not_allowed',
  'read-only': 'read_only',
  'lock-timeout': 'lock_timeout',
};

/** Another runner has the shard: what this one had under way is undone by the database. */
export function lockLost(shard: Shard, cause?: unknown): DbpatError {
  return new DbpatError(
    'lock_lost',
    `${shard.name}: another run has taken the lock over; what was under way here was rolled back`,
    { shard: shard.name, hint: 'dbpat migrate log, then run it again', cause },
  );
}

/** An error of connecting to a shard or reading its ledger. */
export function shardError(thrown: unknown, shard: Shard): DbpatError {
  if (!(thrown instanceof DriverError)) return toDbpatError(thrown).with({ shard: shard.name });
  if (thrown.kind === 'fenced') return lockLost(shard, thrown);
  const code = connectionCodes[thrown.kind] ?? 'unreachable';
  return new DbpatError(code, `${shard.name}: ${verb(code)} ${shard.target.display}: ${thrown.message}`, {
    shard: shard.name,
    dbCode: thrown.dbCode,
    hint: thrown.hint ?? (code === 'lock_timeout' ? 'try again' : `dbpat shards --shard ${shard.name}`),
    cause: thrown,
  });
}

function verb(code: ErrorCode): string {
  if (code === 'not_allowed') return 'not allowed on';
  if (code === 'read_only') return 'cannot write to';
  if (code === 'lock_timeout') return 'locked:';
  return 'cannot reach';
}

export interface FailureContext {
  readonly shard: Shard;
  readonly step: PlannedStep;
  readonly part: MigrationPart;
  /** What is now true of the database, as a clause. */
  readonly state: string;
  /** The next command. */
  readonly hint: string;
  /** Index of the statement that failed, where the error itself does not know it. */
  readonly at?: number;
}

/** An error of a step, mapped to the file, line and column of the statement it came from. */
export function stepError(thrown: unknown, context: FailureContext): DbpatError {
  const { shard, step, part } = context;
  const where = { shard: shard.name, version: step.version, phase: step.phase };
  if (thrown instanceof DbpatError && thrown.code !== 'statement_failed')
    return thrown.with({ ...where, file: thrown.details.file ?? part.file });
  const driver = thrown instanceof DriverError ? thrown : undefined;
  if (driver?.kind === 'fenced') return lockLost(shard, thrown).with(where);
  const code = codeOf(driver);
  const place = locate(part, driver, context.at);
  const at = place === undefined ? part.file : `${part.file}:${place.line}:${place.column}`;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const dbCode = driver?.dbCode === undefined ? '' : ` (${driver.dbCode})`;
  const inStatement = place?.statement === undefined ? '' : `\n  in: ${place.statement}`;
  return new DbpatError(
    code,
    `${shard.name}: ${step.version} ${step.description}: ${at}: ${reason}${dbCode}${inStatement}\n  ${context.state}`,
    {
      ...where,
      file: part.file,
      line: place?.line,
      column: place?.column,
      statement: place?.statement,
      dbCode: driver?.dbCode,
      hint: driver?.hint === undefined ? context.hint : `${driver.hint}; then: ${context.hint}`,
      cause: thrown,
    },
  );
}

function codeOf(driver: DriverError | undefined): ErrorCode {
  if (driver?.dbCode === 'ended-early') return 'unfinished';
  if (driver?.kind === 'lost') return 'unreachable';
  if (driver?.kind === 'read-only') return 'read_only';
  return 'migration_failed';
}

interface Place {
  readonly line: number;
  readonly column: number;
  readonly statement: string;
}

function locate(
  part: MigrationPart,
  driver: DriverError | undefined,
  at: number | undefined,
): Place | undefined {
  if (part.form === 'module') return undefined;
  const index = typeof driver?.at === 'number' ? driver.at : driver?.at === 'record' ? undefined : at;
  const statement = index === undefined ? undefined : part.statements[index];
  if (statement === undefined) return undefined;
  const before = statement.text.slice(0, driver?.position ?? 0);
  const breaks = before.split('\n');
  const line = statement.line + breaks.length - 1;
  const column = breaks.length === 1 ? statement.column + before.length : breaks.at(-1)!.length + 1;
  return { line, column, statement: excerpt(statement.text) };
}

/** The first words of a statement on one line; what may hold a password is left out. */
export function excerpt(text: string): string {
  const flat = text.replace(/\s+/g, ' ');
  if (/\b(password|identified by|secret)\b/i.test(flat)) return `${flat.split(' ').slice(0, 3).join(' ')} …`;
  return flat.length > 120 ? `${flat.slice(0, 119)}…` : flat;
}
