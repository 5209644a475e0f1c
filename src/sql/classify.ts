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
 * The first statement that has, as a literal, a value that an `ALTER TYPE … ADD VALUE` before it has added. In one
 * transaction that fails with 55P04, unless the type was created there too (PostgreSQL manual, ALTER TYPE, Notes; seen on
 * 15). A text column with the same literal is taken for a use: text alone cannot tell.
 */
export function newEnumValueUse(statements: readonly Statement[], rules: SqlRules): EnumValueUse | undefined {
  if (!rules.enumTypes) return undefined;
  const created = new Set<string>();
  const added = new Set<string>();
  for (const [index, { text }] of statements.entries()) {
    if (added.size === 0 && !/^(?:alter|create)\s/i.test(text)) continue;
    const tokens = tokensOf(text, rules);
    const verb = tokens.slice(0, 2).join(' ').toUpperCase();
    const isType = verb === 'CREATE TYPE' || verb === 'ALTER TYPE';
    const name = isType ? typeName(tokens) : '';
    if (verb === 'CREATE TYPE') created.add(name);
    else if (verb === 'ALTER TYPE') {
      const value = addedValue(tokens);
      if (value !== undefined && !created.has(name)) added.add(value);
    } else if (!verb.startsWith('COMMENT ')) {
      const value = literalsOf(tokens, verb.startsWith('DO'), rules).find((v) => added.has(v));
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

/** The name as compared by PostgreSQL; without its schema, since a search path may supply that. */
function typeName(tokens: readonly string[]): string {
  let at = 2;
  while (tokens[at + 1] === '.') at += 2;
  const name = tokens[at] ?? '';
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}

function addedValue(tokens: readonly string[]): string | undefined {
  const at = tokens.findIndex((t, i) => /^add$/i.test(t) && /^value$/i.test(tokens[i + 1] ?? ''));
  if (at === -1) return undefined;
  const value = tokens[/^if$/i.test(tokens[at + 2] ?? '') ? at + 5 : at + 2];
  return value === undefined ? undefined : literal(value);
}

function literal(token: string): string | undefined {
  return /^[eE]?'/.test(token) ? token.slice(token.indexOf("'") + 1, -1).replaceAll("''", "'") : undefined;
}

/** Values of string constants; those in the body of a DO block too. */
function literalsOf(tokens: readonly string[], isBlock: boolean, rules: SqlRules): readonly string[] {
  return tokens.flatMap((token) => {
    if (token.startsWith('$') && token.endsWith('$') && token.length > 1) {
      const mark = token.indexOf('$', 1) + 1;
      const inside = token.slice(mark, -mark);
      return isBlock ? literalsOf(tokensOf(inside, rules), false, rules) : [inside];
    }
    const value = literal(token);
    return value === undefined ? [] : [value];
  });
}
