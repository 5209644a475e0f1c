import type { Dialect, QueryGuard } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import { classify } from '../sql/classify.js';
import { splitSql } from '../sql/split.js';
import type { Statement } from '../sql/statement.js';

/**
 * A guard for a module that runs in one transaction: a statement that would end it, or open another, is refused before
 * it is sent.
 */
export function keepTransaction(dialect: Dialect): QueryGuard {
  return (sql, send) => {
    const found = statementsIn(sql, dialect)
      .map((statement) => classify(statement, dialect.sqlRules))
      .find(({ boundary }) => boundary !== undefined);
    if (found === undefined) return send();
    const message = `${found.words}: dbpat opens and ends the transaction of this migration itself`;
    return Promise.reject(
      new DbpatError('migration_failed', message, {
        hint: 'use db.transaction(), or: export const transaction = false',
      }),
    );
  };
}

/** Only a text with a `;` may hold more than one. What does not split is left to the database. */
function statementsIn(sql: string, { sqlRules }: Dialect): readonly Statement[] {
  const whole = [{ text: sql, start: 0, end: sql.length, line: 1, column: 1 }];
  if (!sql.includes(';')) return whole;
  try {
    return splitSql(sql, sqlRules);
  } catch {
    return whole;
  }
}
