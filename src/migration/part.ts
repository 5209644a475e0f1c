import type { Dialect } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { Direction, Phase } from '../events.js';
import { classify, newEnumValueUse } from '../sql/classify.js';
import { excerpt } from '../sql/excerpt.js';
import type { SqlRules } from '../sql/rules.js';
import type { LexOptions } from '../sql/statement.js';
import { fileFor, inFile, sectionOf } from './files.js';
import type { Migration, MigrationPart, SqlPart } from './migration.js';
import { loadModulePart } from './module.js';
import { sectionName } from './sections.js';
import { sqlPart } from './source.js';

export { isCosmeticEdit, partFromSource, renderSource } from './source.js';

export interface PartOptions {
  /** The project's folder. */
  readonly root: string;
  readonly lex?: LexOptions | undefined;
}

/**
 * What a phase of a migration does in one direction on one dialect; undefined when it has nothing there (a missing
 * down; that of a backfill is an empty part). Reads the files again; imports a module, which runs its top level.
 * @throws DbpatError `migrations_invalid` for a file that has changed since it was discovered, a wrong section or shape,
 *   a dialect without a file; `sql_invalid` with line and column
 */
export async function loadPart(
  migration: Migration,
  phase: Phase,
  direction: Direction,
  dialect: Dialect,
  options: PartOptions,
): Promise<MigrationPart | undefined> {
  if (migration.form === 'module') return loadModulePart(migration.files[0]!, phase, direction, options.root);
  const file = fileFor(migration, direction, dialect);
  if (file === undefined) return undefined;
  const section = sectionOf(migration, file, phase, direction, dialect, options.lex);
  return inFile(file, () => sqlPart(section, { phase, direction, file: file.display }, dialect, options.lex));
}

/**
 * Refuses a part that is to run in one transaction and cannot. Pure; only where the dialect's DDL is transactional.
 * @throws DbpatError `sql_invalid` with file, line and column
 */
export function checkTransactions(part: MigrationPart, dialect: Dialect): void {
  if (part.form !== 'sql' || !part.transaction || !dialect.capabilities.transactionalDdl) return;
  const rules = dialect.sqlRules;
  for (const [index, statement] of part.statements.entries()) {
    const found = classify(statement, rules);
    if (found.boundary !== undefined) {
      throw refused(
        part,
        rules,
        index,
        `${found.words}: dbpat opens and ends the transaction of this file itself`,
        'remove it, or',
      );
    }
    if (found.outsideTransaction !== undefined) {
      throw refused(
        part,
        rules,
        index,
        `${found.words} cannot run in a transaction: ${found.outsideTransaction}`,
        '',
      );
    }
  }
  const use = newEnumValueUse(part.statements, rules);
  if (use !== undefined) {
    throw refused(
      part,
      rules,
      use.index,
      `the new enum value '${use.value}' cannot be used in the transaction that adds it`,
      '',
    );
  }
}

function refused(part: SqlPart, rules: SqlRules, index: number, message: string, before: string): DbpatError {
  const { line, column, text } = part.statements[index]!;
  return new DbpatError('sql_invalid', message, {
    file: part.file,
    line,
    column,
    statement: excerpt(text, rules),
    hint: `${before} write: -- migrate:${sectionName(part)} transaction:false`.trim(),
  });
}
