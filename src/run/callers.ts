import type { QueryGuard } from '../dialects/dialect.js';

/** Enough to get through Kysely to the migration. */
const FRAMES = 40;

/** The text of the query that an error comes from. */
const statements = new WeakMap<Error, string>();

/**
 * The same guard; an error of a query carries its text and the calls that sent it, which are gone when the database
 * answers.
 */
export function withCallers(guard: QueryGuard): QueryGuard {
  return <T>(...query: Parameters<QueryGuard>) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = FRAMES;
    const sent = new Error();
    Error.stackTraceLimit = limit;
    return guard(...query).catch((error) => {
      if (error instanceof Error) {
        error.stack = `${error.name}: ${error.message}${framesOf(sent)}`;
        statements.set(error, query[0]);
      }
      throw error;
    }) as Promise<T>;
  };
}

/** The query that failed with this error; undefined for an error of the migration's own. */
export function statementOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? statements.get(thrown) : undefined;
}

function framesOf({ stack = '' }: Error): string {
  const first = stack.indexOf('\n    at ');
  return first === -1 ? '' : stack.slice(first);
}
