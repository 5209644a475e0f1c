import type { Dialect } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { Direction, Phase } from '../events.js';
import { sameTokens } from '../sql/compare.js';
import type { LexOptions } from '../sql/statement.js';
import { fileFor, readUnchanged, sectionOf } from './files.js';
import { transformSource } from './loader.js';
import type { Migration, SqlPart } from './migration.js';
import { parseSections, type Section, statementsOf } from './sections.js';

/**
 * The text that the ledger keeps for one dialect: that of a single file as it is, that of several as one text with
 * sections. Reads the files.
 * @throws DbpatError `migrations_invalid`
 */
export function renderSource(migration: Migration, dialect: Dialect): string {
  if (migration.form === 'module') return readUnchanged(migration.files[0]!);
  const up = fileFor(migration, 'up', dialect)!;
  const down = fileFor(migration, 'down', dialect);
  if (up.role === 'both' && (down === undefined || down === up)) return readUnchanged(up);
  const parts = (['up', 'down'] as const).map((direction) => {
    const file = direction === 'up' ? up : down;
    const section =
      file === undefined ? undefined : sectionOf(migration, file, 'up', direction, dialect, undefined);
    return section === undefined ? '' : renderSection(section);
  });
  return parts.join('');
}

function renderSection({ direction, transaction, text }: Section): string {
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  return `-- migrate:${direction}${transaction ? '' : ' transaction:false'}\n${text}${end}`;
}

/** Comments and white space, then a section line: no module begins so. */
const sectionsFirst =
  /^(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/|#[^\n]*\n|--(?![ \t]*(?:migrate:|\+goose\b))[^\n]*\n)*--[ \t]*(?:migrate:|\+goose\b)/i;

/**
 * One direction of one phase of a text from the ledger; undefined when the text has no section for it. Only section lines make it
 * SQL: the source of a module is never taken for statements.
 */
export function partFromSource(
  source: string,
  recorded: { readonly version: string; readonly description: string; readonly phase: Phase },
  direction: Direction,
  dialect: Dialect,
  lex?: LexOptions,
): SqlPart | undefined {
  if (!sectionsFirst.test(source)) return undefined;
  const { phase } = recorded;
  const section = sectionsOrNone(source, dialect, lex)?.find(
    (found) => found.phase === phase && found.direction === direction,
  );
  const file = `ledger:${recorded.version}`;
  try {
    return sqlPart(section, { phase, direction, file }, dialect, lex);
  } catch (error) {
    throw error instanceof DbpatError ? error.with({ file }) : error;
  }
}

/** What a section does; a backfill without a down is undone by doing nothing. */
export function sqlPart(
  section: Section | undefined,
  step: Pick<SqlPart, 'phase' | 'direction' | 'file'>,
  dialect: Dialect,
  lex: LexOptions | undefined,
): SqlPart | undefined {
  if (section !== undefined) {
    if (section.paged !== undefined) {
      throw new DbpatError('migrations_invalid', 'backfills in pages: not yet', {
        line: section.line,
        hint: 'write it as one statement, without table:, key:, :after and :upto',
      });
    }
    const { transaction } = section;
    return { ...step, form: 'sql', transaction, statements: statementsOf(section, dialect.sqlRules, lex) };
  }
  if (step.phase !== 'backfill' || step.direction !== 'down') return undefined;
  return { ...step, form: 'sql', transaction: true, statements: [] };
}

function sectionsOrNone(source: string, dialect: Dialect, lex?: LexOptions): readonly Section[] | undefined {
  try {
    return parseSections(source, dialect.sqlRules, { role: 'both', transaction: true, lex });
  } catch (error) {
    if (error instanceof DbpatError) return undefined;
    throw error;
  }
}

/**
 * Whether an applied text and the text now do the same: only comments, layout and the case of keywords differ, in
 * modules also types. In doubt they do not.
 */
export async function isCosmeticEdit(
  before: string,
  after: string,
  form: Migration['form'],
  dialect: Dialect,
): Promise<boolean> {
  if (before === after) return true;
  if (form === 'sql') return sameSections(before, after, dialect);
  const [old, now] = [await transformSource(before, false), await transformSource(after, false)];
  if (old !== undefined && now !== undefined) return old === now;
  const typed = await transformSource(before, true);
  return typed !== undefined && typed === (await transformSource(after, true));
}

function sameSections(before: string, after: string, dialect: Dialect): boolean {
  const old = sectionsOrNone(before, dialect);
  const now = sectionsOrNone(after, dialect);
  if (old === undefined || now === undefined) return false;
  return (
    old.length === now.length &&
    old.every((section) => {
      const twin = now.find(
        ({ phase, direction }) => phase === section.phase && direction === section.direction,
      );
      return (
        twin !== undefined &&
        twin.transaction === section.transaction &&
        JSON.stringify(twin.paged) === JSON.stringify(section.paged) &&
        samePieces(section, twin, dialect)
      );
    })
  );
}

function samePieces(a: Section, b: Section, dialect: Dialect): boolean {
  return (
    a.pieces.length === b.pieces.length &&
    a.pieces.every(
      (piece, i) =>
        piece.whole === b.pieces[i]!.whole && sameTokens(piece.text, b.pieces[i]!.text, dialect.sqlRules),
    )
  );
}
