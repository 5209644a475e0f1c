import { DbpatError } from '../errors.js';

/** What a comment line means to a migration. */
export type Marker =
  | { readonly kind: 'section'; readonly name: 'up' | 'down'; readonly transaction: boolean | undefined }
  | { readonly kind: 'phase' }
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
  if (name !== 'up' && name !== 'down') return { kind: 'phase' };
  if (below !== undefined) return wrong(`\`${content}\` is not a section line`, 'write: -- migrate:down');
  let transaction: boolean | undefined;
  for (const option of options?.split(/[ \t]+/) ?? []) {
    const value = /^transaction:(true|false)$/.exec(option)?.[1];
    if (value === undefined) {
      return wrong(
        `unknown option \`${option}\` of \`migrate:${name}\``,
        'the only option is transaction:false',
      );
    }
    if (transaction !== undefined) return wrong(`the option \`${option}\` is there twice`, 'remove one');
    transaction = value === 'true';
  }
  return { kind: 'section', name, transaction };
}

/** Goose reads its words in any case (pressly/goose `internal/sqlparser/parser.go`, 3.24). */
function gooseMarker(content: string): Marker | undefined {
  const match = /^\+goose\b[ \t]*(.*)$/i.exec(content);
  if (match === null) return undefined;
  switch (match[1]!.toUpperCase().replace(/[ \t]+/g, ' ')) {
    case 'UP':
      return { kind: 'section', name: 'up', transaction: undefined };
    case 'DOWN':
      return { kind: 'section', name: 'down', transaction: undefined };
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
