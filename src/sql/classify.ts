import { firstWord, headOf, keywordsOf } from './head.js';
import { Lexer } from './lexer.js';
import type { ClassRow, Head, SqlRules } from './rules.js';
import type { LexOptions, Statement, StatementClass, Trace } from './statement.js';

/**
 * What a statement is, judged from its words; the table of each dialect says where that is known from. Never throws: a
 * statement that is not known, or does not lex, is `other` and `ambiguous`.
 */
export function classify(statement: Statement, rules: SqlRules, options: LexOptions = {}): StatementClass {
  let head: Head;
  try {
    head = headOf(statement.text, rules, options);
  } catch {
    return { kind: 'other', words: '', trace: 'ambiguous' };
  }
  const words = keywordsOf(head);
  const inner = rules.unwrap?.(head) ?? head;
  const rows = rules.classes[firstWord(inner)] ?? [];
  const row: ClassRow = rows.find((r) => r.when?.(inner) ?? true) ?? { kind: 'other' };
  return {
    kind: row.kind,
    words,
    ...(row.outside === undefined ? {} : { outsideTransaction: row.outside }),
    ...(row.boundary === undefined ? {} : { boundary: row.boundary }),
    trace: row.trace ?? traceOf(row.kind, inner),
  };
}

function traceOf(kind: StatementClass['kind'], head: Head): Trace {
  if (kind === 'session' || kind === 'query') return 'repeatable';
  return kind === 'ddl' ? ddlTrace(head.flat) : 'ambiguous';
}

/** `ALTER` is repeatable only when each of its actions is. */
function ddlTrace(flat: string): Trace {
  if (!flat.startsWith('ALTER ')) {
    return /^CREATE OR REPLACE |^(CREATE|DROP) .*\bIF (NOT )?EXISTS\b/.test(flat)
      ? 'repeatable'
      : 'catalogue';
  }
  const actions = flat.split(' , ');
  const guarded = /^(?:ALTER .*? )?(?:ADD|DROP)(?: [A-Z]+)* IF (?:NOT )?EXISTS\b/;
  return actions.every((action) => guarded.test(action)) ? 'repeatable' : 'catalogue';
}

/** A statement that uses an enum value which an earlier one of the same text adds. */
export interface EnumValueUse {
  /** Of the using statement in the list. */
  readonly index: number;
  readonly value: string;
}

/**
 * The first statement that has, as a literal, a value that an `ALTER TYPE … ADD VALUE` before it has added; also in the
 * body of a DO block or of a function in SQL. In one transaction that fails with 55P04 (PostgreSQL manual, ALTER TYPE,
 * Notes; seen on 15, where it does not help that the type is new too). A text column with the same literal is taken for
 * a use: text alone cannot tell.
 */
export function newEnumValueUse(statements: readonly Statement[], rules: SqlRules): EnumValueUse | undefined {
  if (!rules.enumTypes) return undefined;
  const added = new Set<string>();
  for (const [index, { text }] of statements.entries()) {
    if (added.size === 0 && !/^alter\b/i.test(text)) continue;
    const tokens = tokensOf(text, rules);
    const words = tokens.map((token) => token.toUpperCase());
    if (words[0] === 'ALTER' && words[1] === 'TYPE') {
      const value = addedValue(tokens, words);
      if (value !== undefined) added.add(value);
    } else if (words[0] !== 'COMMENT') {
      const value = literalsOf(tokens, runsBody(words), rules).find((v) => added.has(v));
      if (value !== undefined) return { index, value };
    }
  }
  return undefined;
}

function tokensOf(text: string, rules: SqlRules): readonly string[] {
  const tokens: string[] = [];
  try {
    const lexer = new Lexer({ text, origin: { line: 1, offset: 0 } }, rules, {});
    while (lexer.next() !== 'end') {
      if (lexer.kind !== 'comment') tokens.push(text.slice(lexer.start, lexer.end));
    }
  } catch {
    return [];
  }
  return tokens;
}

function addedValue(tokens: readonly string[], words: readonly string[]): string | undefined {
  const at = words.findIndex((word, i) => word === 'ADD' && words[i + 1] === 'VALUE');
  if (at === -1) return undefined;
  return literal(tokens[words[at + 2] === 'IF' ? at + 5 : at + 2] ?? '');
}

/** A body in SQL is analysed when the function is made, one in another language is not. */
function runsBody(words: readonly string[]): boolean {
  return words[0] === 'DO' || words.some((word, i) => word === 'LANGUAGE' && words[i + 1] === 'SQL');
}

function literal(token: string): string | undefined {
  return /^[eE]?'/.test(token) ? token.slice(token.indexOf("'") + 1, -1).replaceAll("''", "'") : undefined;
}

/** Values of string constants; where the body runs, those in it too. */
function literalsOf(tokens: readonly string[], runs: boolean, rules: SqlRules): readonly string[] {
  return tokens.flatMap((token) => {
    if (token.startsWith('$') && token.endsWith('$') && token.length > 1) {
      const mark = token.indexOf('$', 1) + 1;
      const inside = token.slice(mark, -mark);
      return runs ? literalsOf(tokensOf(inside, rules), false, rules) : [inside];
    }
    const value = literal(token);
    return value === undefined ? [] : [value];
  });
}
