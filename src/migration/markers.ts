import { DbpatError } from '../errors.js';
import type { Direction, Phase } from '../events.js';

/** What a section line opens. `verify` is no phase: its query is asked after the backfill and before the contract. */
export interface SectionLine {
  readonly phase: Phase | 'verify';
  readonly direction: Direction;
  readonly transaction: boolean | undefined;
  /** Of a backfill that runs in pages: the table, and the columns of its key. */
  readonly paged?: { readonly table: string; readonly key: readonly string[] };
}

/** What a comment line means to a migration. */
export type Marker =
  | ({ readonly kind: 'section' } & SectionLine)
  | { readonly kind: 'block-begin' }
  | { readonly kind: 'block-end' }
  | { readonly kind: 'no-transaction' }
  | { readonly kind: 'wrong'; readonly message: string; readonly hint: string };

const phases = ['expand', 'backfill', 'switch', 'contract', 'verify'];
const names = ['up', 'down', ...phases];

/** Reads what stands behind `--` or `#` on a line of its own; undefined for a comment. */
export function readMarker(opener: string, content: string): Marker | undefined {
  const marker = gooseMarker(content) ?? sectionMarker(content) ?? nearMiss(content);
  if (marker === undefined || marker.kind === 'wrong' || opener === '--') return marker;
  return wrong(`\`${opener} ${content}\` is not a section line`, `write: -- ${content}`);
}

const section = /^migrate:(up|down|expand|backfill|switch|contract|verify)(:down)?(?:[ \t]+(.*))?$/;

function sectionMarker(content: string): Marker | undefined {
  const match = section.exec(content);
  if (match === null) return undefined;
  const [, name, below, options] = match;
  if (below !== undefined && (name === 'up' || name === 'down' || name === 'verify')) {
    const right = name === 'verify' ? '-- migrate:verify' : '-- migrate:down';
    return wrong(`\`${content}\` is not a section line`, `write: ${right}`);
  }
  const direction = below !== undefined || name === 'down' ? 'down' : 'up';
  const phase = name === 'down' ? 'up' : (name as Phase | 'verify');
  const given = readOptions(`migrate:${name}${below ?? ''}`, allowed(phase, direction), options);
  if ('kind' in given) return given;
  const { transaction, table, key } = given;
  if ((table === undefined) !== (key === undefined)) {
    return wrong(
      `\`migrate:backfill\` has a ${table === undefined ? 'key and no table' : 'table and no key'}`,
      'a backfill in pages needs both: -- migrate:backfill table:users key:id',
    );
  }
  return {
    kind: 'section',
    phase,
    direction,
    transaction: transaction === undefined ? undefined : transaction === 'true',
    ...(table === undefined || key === undefined ? {} : { paged: { table, key: key.split(',') } }),
  };
}

const identifier = '[\\p{L}_][\\p{L}\\p{N}_$]*';
const optionValues = {
  transaction: /^(?:true|false)$/,
  table: new RegExp(`^${identifier}(?:\\.${identifier})?$`, 'u'),
  key: new RegExp(`^${identifier}(?:,${identifier})*$`, 'u'),
};
type Option = keyof typeof optionValues;

function allowed(phase: SectionLine['phase'], direction: Direction): readonly Option[] {
  if (phase === 'verify') return [];
  return phase === 'backfill' && direction === 'up' ? ['transaction', 'table', 'key'] : ['transaction'];
}

function readOptions(
  name: string,
  known: readonly Option[],
  text: string | undefined,
): Partial<Record<Option, string>> | Marker {
  const given: Partial<Record<Option, string>> = {};
  for (const option of text?.trim().split(/[ \t]+/) ?? []) {
    const at = option.indexOf(':');
    const key = option.slice(0, Math.max(0, at)) as Option;
    const value = option.slice(at + 1);
    if (!known.includes(key) || !optionValues[key].test(value)) {
      return wrong(`unknown option \`${option}\` of \`${name}\``, optionHint(known));
    }
    if (given[key] !== undefined) return wrong(`the option \`${option}\` is there twice`, 'remove one');
    given[key] = value;
  }
  if (given.table !== undefined && given.transaction !== undefined) {
    return wrong(
      'a backfill in pages commits each page by itself',
      `remove transaction:${given.transaction}`,
    );
  }
  return given;
}

function optionHint(known: readonly Option[]): string {
  if (known.length === 0) return 'it has no options';
  if (known.length === 1) return 'the only option is transaction:false';
  return 'the options are table:TABLE key:COLUMN[,COLUMN], or transaction:false';
}

/** Goose reads its words in any case (pressly/goose `internal/sqlparser/parser.go`, 3.24). */
function gooseMarker(content: string): Marker | undefined {
  const match = /^\+goose\b[ \t]*(.*)$/i.exec(content);
  if (match === null) return undefined;
  switch (match[1]!.toUpperCase().replace(/[ \t]+/g, ' ')) {
    case 'UP':
      return { kind: 'section', phase: 'up', direction: 'up', transaction: undefined };
    case 'DOWN':
      return { kind: 'section', phase: 'up', direction: 'down', transaction: undefined };
    case 'STATEMENTBEGIN':
      return { kind: 'block-begin' };
    case 'STATEMENTEND':
      return { kind: 'block-end' };
    case 'NO TRANSACTION':
      return { kind: 'no-transaction' };
    default:
      return wrong(
        `unknown \`${content}\``,
        'known are +goose Up, Down, StatementBegin, StatementEnd and NO TRANSACTION; nothing in the text is replaced',
      );
  }
}

function nearMiss(content: string): Marker | undefined {
  const match = /^([A-Za-z+]+)[ \t]*[:\-=][ \t]*([A-Za-z]*)([\s\S]*)$/.exec(content);
  if (match === null) return undefined;
  const [, keyword, word, rest] = match;
  const lower = keyword!.toLowerCase();
  if (!lower.startsWith('migrat') && distance(lower, 'migrate') > 2) return undefined;
  const close = names.find((name) => distance(word!.toLowerCase(), name) <= (name === 'up' ? 1 : 2));
  const prose = close === undefined || !/^(?:[ \t]+\w+:\S*)*$/.test(rest!);
  if (prose && !/^migrate:\S/.test(content)) return undefined;
  return wrong(
    `\`-- ${content.slice(0, 60)}\` is not a section line`,
    `did you mean -- migrate:${close ?? 'up'}?`,
  );
}

function wrong(message: string, hint: string): Marker {
  return { kind: 'wrong', message, hint };
}

/** Edits between two short words; swapping neighbours is two. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, swap));
    }
    row = next;
  }
  return row[b.length]!;
}

/**
 * Diesel's `metadata.toml`: whether it asks for a transaction.
 * @throws DbpatError `migrations_invalid` with the line of anything but `run_in_transaction`
 */
export function parseMetadata(text: string): boolean {
  let transaction = true;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    const value = /^\s*run_in_transaction\s*=\s*(true|false)\s*(?:#.*)?$/.exec(line)?.[1];
    if (value === undefined) {
      throw new DbpatError('migrations_invalid', `unknown setting \`${line.trim().slice(0, 60)}\``, {
        line: index + 1,
        column: 1,
        hint: 'the only setting is run_in_transaction = false',
      });
    }
    transaction = value === 'true';
  }
  return transaction;
}
