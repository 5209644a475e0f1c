import { DbpatError } from '../errors.js';
import type { Direction, Phase } from '../events.js';
import type { Origin } from '../sql/place.js';
import type { SqlRules } from '../sql/rules.js';
import { splitSql } from '../sql/split.js';
import type { LexOptions, Statement } from '../sql/statement.js';
import { readMarker, type SectionLine } from './markers.js';

/** A run of a section's text; `whole`: goose's StatementBegin and StatementEnd stand around it. */
export interface Piece {
  readonly text: string;
  readonly origin: Origin;
  readonly whole: boolean;
}

/** One direction of one phase of an SQL file; `up` and `down` of a plain one are the phase `up`. */
export interface Section {
  readonly phase: Phase | 'verify';
  readonly direction: Direction;
  readonly transaction: boolean;
  /** A backfill in pages. */
  readonly paged?: SectionLine['paged'];
  /** Of its section line, 1-based; 1 where there is none. */
  readonly line: number;
  /** Everything below the section line. */
  readonly text: string;
  /** The same without goose's lines. */
  readonly pieces: readonly Piece[];
}

export interface SectionOptions {
  /** `both` may hold sections for up and down, or those of phases; a file of one direction needs none. */
  readonly role: 'both' | Direction;
  /** What holds where the file says nothing. */
  readonly transaction: boolean;
  readonly lex?: LexOptions | undefined;
}

interface Draft extends SectionLine {
  readonly line: number;
  readonly from: number;
  to: number;
  readonly pieces: Piece[];
}

/**
 * The sections of a normalised SQL text, in its order; one `up` for a text without section lines. A line inside a
 * quote, a comment, a body or COPY data is never a section line.
 * @throws DbpatError `migrations_invalid` with line and column
 */
export function parseSections(text: string, rules: SqlRules, options: SectionOptions): readonly Section[] {
  return new SectionReader(text, rules, options).read();
}

class SectionReader {
  readonly #drafts: Draft[] = [];
  #draft: Draft;
  #explicit = false;
  #noTransaction = false;
  #pieceFrom = 0;
  #pieceLine = 1;
  #blockLine = 0;
  #line = 1;
  #counted = 0;

  constructor(
    private readonly text: string,
    private readonly rules: SqlRules,
    private readonly options: SectionOptions,
  ) {
    const direction = options.role === 'down' ? 'down' : 'up';
    this.#draft = this.#open({ phase: 'up', direction, transaction: undefined }, 1, 0);
  }

  read(): readonly Section[] {
    this.#firstLine();
    for (const match of this.text.matchAll(/^[ \t]*(--|#)[ \t]*(\S.*)$/gm)) {
      this.#comment(match.index, match[0].length, match[1]!, match[2]!.trimEnd());
    }
    if (this.#blockLine > 0)
      throw this.#fault(this.#blockLine, '`+goose StatementBegin` has no StatementEnd');
    this.#close(this.text.length);
    this.#checkSet();
    return this.#drafts.map(({ phase, direction, transaction, paged, line, from, to, pieces }) => ({
      phase,
      direction,
      transaction: transaction ?? (this.options.transaction && !this.#noTransaction),
      ...(paged === undefined ? {} : { paged }),
      line,
      text: this.text.slice(from, to),
      pieces,
    }));
  }

  /** Plain sections or phases, and no down without its up. */
  #checkSet(): void {
    const drafts = this.#drafts;
    const ups = drafts.filter((draft) => draft.direction === 'up');
    const phased = drafts.find((draft) => draft.phase !== 'up');
    const plain = drafts.find((draft) => draft.phase === 'up');
    if (phased !== undefined && plain !== undefined) {
      const line = Math.max(phased.line, plain.line);
      throw this.#fault(line, 'up or down stands beside phases', 'write either up and down, or phases');
    }
    if (phased === undefined) {
      if (this.options.role === 'both' && ups.length === 0)
        throw this.#fault(1, 'the file has no up', 'begin its up with: -- migrate:up');
      return;
    }
    if (!ups.some((draft) => draft.phase !== 'verify')) {
      throw this.#fault(phased.line, 'the file has no phase', 'begin with: -- migrate:expand');
    }
    const alone = drafts.find(
      (draft) => draft.direction === 'down' && !ups.some((up) => up.phase === draft.phase),
    );
    if (alone === undefined) return;
    throw this.#fault(
      alone.line,
      `\`migrate:${alone.phase}:down\` has no \`migrate:${alone.phase}\``,
      `begin it with: -- migrate:${alone.phase}`,
    );
  }

  #firstLine(): void {
    const first = /^[ \t]*--[ \t]*(no[-_ ]?transactions?)[ \t]*$/im.exec(this.text.split('\n', 1)[0]!)?.[1];
    if (first === undefined) return;
    if (first !== 'no-transaction')
      throw this.#fault(1, `unknown \`-- ${first}\``, 'write: -- no-transaction');
    this.#noTransaction = true;
  }

  #comment(at: number, length: number, opener: string, content: string): void {
    const marker = readMarker(opener, content);
    if (marker === undefined) return;
    if (this.#blockLine > 0) {
      if (marker.kind === 'block-end') this.#cut(at, length, true);
      return;
    }
    if (!this.#isCode(at)) return;
    const line = this.#lineOf(at);
    switch (marker.kind) {
      case 'wrong':
        throw this.#fault(line, marker.message, marker.hint);
      case 'no-transaction':
        this.#noTransaction = true;
        return;
      case 'block-end':
        throw this.#fault(line, '`+goose StatementEnd` has no StatementBegin');
      case 'block-begin':
        this.#cut(at, length, false);
        this.#blockLine = line;
        return;
      case 'section':
        this.#section(marker, at, length, line);
    }
  }

  #section(marker: SectionLine, at: number, length: number, line: number): void {
    const { role } = this.options;
    const name = sectionName(marker);
    if (role !== 'both' && marker.phase !== 'up') {
      throw this.#fault(
        line,
        `a file of ${role} alone holds the phase \`migrate:${name}\``,
        'phases stand together in one file: VERSION_description.sql',
      );
    }
    if (role !== 'both' && role !== marker.direction) {
      throw this.#fault(
        line,
        `the file of ${role} holds a section for ${marker.direction}`,
        `move it to the ${marker.direction} file`,
      );
    }
    if (!this.#explicit) this.#refuseStatements(at, name);
    else {
      if ([...this.#drafts, this.#draft].some((draft) => sectionName(draft) === name)) {
        throw this.#fault(line, `the section \`migrate:${name}\` is there twice`, 'put them together');
      }
      this.#close(at);
    }
    this.#explicit = true;
    this.#lineAfter(at, length);
    this.#draft = this.#open(marker, line, this.#pieceFrom);
  }

  /** Text above the first section line may only hold comments. */
  #refuseStatements(at: number, name: string): void {
    const pieces = [...this.#draft.pieces, this.#piece(at, false)];
    const first = pieces.flatMap((piece) =>
      statementsOf({ pieces: [piece] }, this.rules, this.options.lex),
    )[0];
    if (first !== undefined) {
      throw this.#fault(
        first.line,
        'a statement stands above the first section line',
        `move it below -- migrate:${name === 'down' ? 'up' : name}`,
      );
    }
  }

  #open(line: SectionLine, number: number, from: number): Draft {
    const { phase, direction, transaction, paged } = line;
    return {
      phase,
      direction,
      transaction,
      ...(paged && { paged }),
      line: number,
      from,
      to: from,
      pieces: [],
    };
  }

  #close(at: number): void {
    this.#draft.pieces.push(this.#piece(at, false));
    this.#draft.to = at;
    this.#drafts.push(this.#draft);
  }

  #cut(at: number, length: number, whole: boolean): void {
    this.#draft.pieces.push(this.#piece(at, whole));
    this.#blockLine = 0;
    this.#lineAfter(at, length);
  }

  #piece(to: number, whole: boolean): Piece {
    const origin = { line: this.#pieceLine, offset: this.#pieceFrom };
    return { text: this.text.slice(this.#pieceFrom, to), origin, whole };
  }

  #lineAfter(at: number, length: number): void {
    this.#pieceFrom = Math.min(at + length + 1, this.text.length);
    this.#pieceLine = this.#lineOf(at) + 1;
  }

  /** Whether a statement, a comment or nothing stands around an offset, rather than a quote that goes on there. */
  #isCode(at: number): boolean {
    try {
      splitSql(this.text.slice(this.#pieceFrom, at), this.rules, this.options.lex);
      return true;
    } catch (error) {
      if (error instanceof DbpatError && error.code === 'sql_invalid') return false;
      throw error;
    }
  }

  #lineOf(at: number): number {
    for (let next = this.text.indexOf('\n', this.#counted); next !== -1 && next < at; ) {
      this.#line += 1;
      this.#counted = next + 1;
      next = this.text.indexOf('\n', this.#counted);
    }
    return this.#line;
  }

  #fault(line: number, message: string, hint?: string): DbpatError {
    return new DbpatError('migrations_invalid', message, { line, column: 1, hint });
  }
}

/** What stands behind `migrate:`. */
export function sectionName({ phase, direction }: Pick<SectionLine, 'phase' | 'direction'>): string {
  if (phase === 'up') return direction;
  return direction === 'up' ? phase : `${phase}:down`;
}

const routine = /^create\b(?:\s+\S+){0,6}?\s+(?:function|procedure|trigger|event|package|rule)\b/i;

/**
 * The statements of a section, placed in its file.
 * @throws DbpatError `sql_invalid` with line and column
 */
export function statementsOf(
  section: Pick<Section, 'pieces'>,
  rules: SqlRules,
  lex: LexOptions | undefined,
): readonly Statement[] {
  return section.pieces.flatMap((piece) => {
    const { text, origin } = piece;
    if (!piece.whole) return splitSql(text, rules, { ...lex, origin });
    const split = splitRoutine(piece, rules, lex);
    const first = split[0];
    if (split.length < 2 || !routine.test(first!.text)) return split;
    const { end } = split.at(-1)!;
    return [{ ...first!, text: text.slice(first!.start - origin.offset, end - origin.offset), end }];
  });
}

/** A body that only goose's lines delimit may be one that cannot be split: it is sent as it stands. */
function splitRoutine(piece: Piece, rules: SqlRules, lex: LexOptions | undefined): readonly Statement[] {
  const { text, origin } = piece;
  try {
    return splitSql(text, rules, { ...lex, origin });
  } catch (error) {
    const body = text.trim();
    if (!routine.test(body)) throw error;
    const at = text.indexOf(body);
    const line = origin.line + text.slice(0, at).split('\n').length - 1;
    const start = origin.offset + at;
    return [
      { text: body, start, end: start + body.length, line, column: at - text.lastIndexOf('\n', at - 1) },
    ];
  }
}
