import type { Shard } from '../config/config.js';
import { DriverError } from '../dialects/dialect.js';
import { DbpatError, type ErrorCode, type ErrorDetails, placeText, toDbpatError } from '../errors.js';
import type { MigrationPart } from '../migration/migration.js';
import type { PlannedStep } from '../plan/plan.js';
import { excerpt } from '../sql/excerpt.js';
import { statementOf } from './callers.js';

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

/** An error of a step, mapped to the file, line and column of the statement or the call it came from. */
export function stepError(thrown: unknown, context: FailureContext): DbpatError {
  const { shard, step, part } = context;
  const where = { shard: shard.name, version: step.version, phase: step.phase };
  const own = thrown instanceof DbpatError ? thrown : undefined;
  if (own !== undefined && own.code !== 'statement_failed' && own.code !== 'migration_failed')
    return own.with({ ...where, file: own.details.file ?? part.file });
  const driver = thrown instanceof DriverError ? thrown : undefined;
  if (driver?.kind === 'fenced') return lockLost(shard, thrown).with(where);
  const place = locate(context, thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const dbCode = driver?.dbCode === undefined ? '' : ` (${driver.dbCode})`;
  const inStatement = place.statement === undefined ? '' : `\n  in: ${place.statement}`;
  const hint = own?.hint ?? driver?.hint;
  return new DbpatError(
    codeOf(driver),
    `${shard.name}: ${step.version} ${step.description}: ${placeIn(part.file, place)}: ${reason}${dbCode}${inStatement}\n  ${context.state}`,
    {
      ...where,
      ...place,
      dbCode: driver?.dbCode,
      hint: hint === undefined ? context.hint : `${hint}; then: ${context.hint}`,
      cause: thrown,
    },
  );
}

/** The place; in another file than the migration's own, behind that. */
function placeIn(file: string, place: Place): string {
  return place.file === file ? placeText(place) : `${file}: ${placeText(place)}`;
}

/** The migration has committed or rolled back the transaction that it was to run in. */
export function endedEarly(thrown: unknown): boolean {
  return thrown instanceof DriverError && thrown.dbCode === 'ended-early';
}

function codeOf(driver: DriverError | undefined): ErrorCode {
  if (endedEarly(driver)) return 'unfinished';
  if (driver?.kind === 'lost') return 'unreachable';
  if (driver?.kind === 'read-only') return 'read_only';
  return 'migration_failed';
}

interface Place extends Pick<ErrorDetails, 'file' | 'line' | 'column' | 'statement'> {}

function locate({ part, shard, at }: FailureContext, thrown: unknown): Place {
  const { file } = part;
  const rules = shard.dialect.sqlRules;
  if (part.form === 'module') {
    const sent = statementOf(thrown);
    return {
      file,
      ...part.placeOf(thrown),
      ...(sent === undefined ? {} : { statement: excerpt(sent, rules) }),
    };
  }
  const driver = thrown instanceof DriverError ? thrown : undefined;
  const index = typeof driver?.at === 'number' ? driver.at : driver?.at === 'record' ? undefined : at;
  const statement = index === undefined ? undefined : part.statements[index];
  if (statement === undefined) return { file };
  const before = statement.text.slice(0, driver?.position ?? 0);
  const breaks = before.split('\n');
  const line = statement.line + breaks.length - 1;
  const column = breaks.length === 1 ? statement.column + before.length : breaks.at(-1)!.length + 1;
  return { file, line, column, statement: excerpt(statement.text, rules) };
}
