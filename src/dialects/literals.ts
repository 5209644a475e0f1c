import type { Query, SqlValue } from './dialect.js';

/** The query's text with every `?` replaced by its parameter as a literal. @throws when the counts differ. */
export function renderQuery(query: Query, literal: (value: SqlValue) => string): string {
  const params = query.params ?? [];
  const pieces = query.sql.split('?');
  if (pieces.length !== params.length + 1)
    throw new Error(`${pieces.length - 1} parameters in: ${query.sql}`);
  return pieces.map((piece, i) => (i < params.length ? piece + literal(params[i]!) : piece)).join('');
}
