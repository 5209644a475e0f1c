/**
 * Every error code and the process's exit code for it (SPEC section 5). Codes are API: one fact each, never renamed.
 */
export const exitCodes = {
  internal: 1,
  usage: 2,
  config_invalid: 2,
  driver_missing: 2,
  migrations_invalid: 2,
  sql_invalid: 2,
  shards_duplicate: 2,
  migration_failed: 3,
  statement_failed: 3,
  fleet_split: 4,
  pending: 5,
  history_changed: 6,
  history_missing: 6,
  history_out_of_order: 6,
  history_foreign: 6,
  history_unknown: 6,
  history_lost: 6,
  plan_changed: 6,
  shards_differ: 6,
  lock_timeout: 7,
  lock_lost: 7,
  unreachable: 8,
  read_only: 8,
  not_allowed: 8,
  check_failed: 9,
  gate_closed: 10,
  unfinished: 11,
  refused: 12,
  protected: 12,
  irreversible: 12,
  tls_required: 12,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof exitCodes;

/** One fault among several that are reported together, with the place it stands at (`shards[2].url`, a file's name). */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** Where and to what it happened. Only facts; no secrets, no row data. */
export interface ErrorDetails {
  readonly shard?: string | undefined;
  readonly version?: string | undefined;
  readonly phase?: string | undefined;
  /** Path as the user would type it. */
  readonly file?: string | undefined;
  /** 1-based. */
  readonly line?: number | undefined;
  /** 1-based, in UTF-16 units. */
  readonly column?: number | undefined;
  /** The statement's first words, never more than 200 characters. */
  readonly statement?: string | undefined;
  /** SQLSTATE, errno name or SQLite code. */
  readonly dbCode?: string | undefined;
  /** All faults of an input that is checked as a whole, in the order of the input. */
  readonly faults?: readonly Fault[] | undefined;
  /** A unified diff that shows the fact, without colour. */
  readonly diff?: string | undefined;
}

export interface DbpatErrorInit extends ErrorDetails {
  /** The way out: one command or one edit. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** An expected failure: what happened to which thing, what is now true, and (`hint`) what to do next. */
export class DbpatError extends Error {
  override readonly name = 'DbpatError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, init: DbpatErrorInit = {}) {
    const { hint, cause, ...details } = init;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.details = details;
  }

  get exitCode(): number {
    return exitCodes[this.code];
  }

  /** The same error with details added; what it has already stays. */
  with(details: ErrorDetails): DbpatError {
    return new DbpatError(this.code, this.message, {
      ...details,
      ...definedOf(this.details),
      hint: this.hint,
      cause: this.cause,
    });
  }
}

function definedOf(details: ErrorDetails): ErrorDetails {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}

/** Anything that was thrown, as a DbpatError. What dbpat did not expect becomes `internal`: always a bug. */
export function toDbpatError(thrown: unknown): DbpatError {
  if (thrown instanceof DbpatError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DbpatError('internal', message, { cause: thrown });
}

/** `file:line:column`, as far as it is known. */
export function placeText({ file, line, column }: Pick<ErrorDetails, 'file' | 'line' | 'column'>): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}
