import type { Dialect } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { Direction } from '../events.js';
import { classify, newEnumValueUse } from '../sql/classify.js';
import type { LexOptions } from '../sql/statement.js';
import { fileFor, inFile, readUnchanged, sectionOf } from './files.js';
import { importModule } from './loader.js';
import type { Migration, MigrationFile, MigrationPart, ModulePart, SqlPart } from './migration.js';
import { statementsOf } from './sections.js';

export { isCosmeticEdit, partFromSource, renderSource } from './source.js';

export interface PartOptions {
  /** The project's folder. */
  readonly root: string;
  readonly lex?: LexOptions | undefined;
}

/**
 * What a migration does in one direction on one dialect; undefined when it has nothing there (a missing down). Reads
 * the files again; imports a module, which runs its top level.
 * @throws DbpatError `migrations_invalid` for a file that has changed since it was discovered, a wrong section or shape,
 *   a dialect without a file; `sql_invalid` with line and column
 */
export async function loadPart(
  migration: Migration,
  direction: Direction,
  dialect: Dialect,
  options: PartOptions,
): Promise<MigrationPart | undefined> {
  if (migration.form === 'module') return loadModulePart(migration.files[0]!, direction, options.root);
  const file = fileFor(migration, direction, dialect);
  if (file === undefined) return undefined;
  const section = sectionOf(migration, file, direction, dialect, options.lex);
  if (section === undefined) return undefined;
  return inFile(file, () => ({
    form: 'sql',
    direction,
    phase: 'up',
    transaction: section.transaction,
    file: file.display,
    statements: statementsOf(section, dialect.sqlRules, options.lex),
  }));
}

async function loadModulePart(
  file: MigrationFile,
  direction: Direction,
  root: string,
): Promise<ModulePart | undefined> {
  const module = await importModule(file.path, root, { source: readUnchanged(file) });
  const wrong = wrongShape(module);
  if (wrong !== undefined) {
    throw new DbpatError('migrations_invalid', `${file.display} ${wrong}`, { file: file.display });
  }
  const { transaction, description } = module as { transaction?: boolean; description?: string };
  const shape = module as Record<Direction, ((db: unknown, ctx: unknown) => unknown) | undefined>;
  if (shape[direction] === undefined) return undefined;
  return {
    form: 'module',
    direction,
    phase: 'up',
    transaction: transaction ?? true,
    file: file.display,
    ...(description === undefined ? {} : { description }),
    run: (db, ctx) => shape[direction]!(db, ctx),
  };
}

function wrongShape(module: Readonly<Record<string, unknown>>): string | undefined {
  const { up, down, transaction, description } = module;
  const inner = (module.default ?? module) as Record<string, unknown>;
  if (up === undefined && (inner.expand !== undefined || inner.contract !== undefined)) {
    return 'is a phased migration: not yet';
  }
  if (up === undefined) return 'exports no up; export a function `up`, or an object with one as default';
  if (typeof up !== 'function') return `exports an up that is no function but ${kindOf(up)}`;
  if (down !== undefined && typeof down !== 'function') {
    return `exports a down that is no function but ${kindOf(down)}`;
  }
  if (transaction !== undefined && typeof transaction !== 'boolean') {
    return `exports a transaction that is neither true nor false but ${kindOf(transaction)}`;
  }
  if (description !== undefined && typeof description !== 'string') {
    return `exports a description that is no text but ${kindOf(description)}`;
  }
  return undefined;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : `of type ${typeof value}`;
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
        index,
        `${found.words}: dbpat opens and ends the transaction of this file itself`,
        'remove it, or',
      );
    }
    if (found.outsideTransaction !== undefined) {
      throw refused(
        part,
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
      use.index,
      `the new enum value '${use.value}' cannot be used in the transaction that adds it`,
      '',
    );
  }
}

function refused(part: SqlPart, index: number, message: string, before: string): DbpatError {
  const { line, column, text } = part.statements[index]!;
  return new DbpatError('sql_invalid', message, {
    file: part.file,
    line,
    column,
    statement: text.slice(0, 200),
    hint: `${before} write: -- migrate:${part.direction} transaction:false`.trim(),
  });
}
