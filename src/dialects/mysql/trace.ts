import { classify } from '../../sql/classify.js';
import { mysqlRules } from '../../sql/mysql.js';
import type { LexOptions } from '../../sql/statement.js';
import { type Token, TokenReader, tokensOf } from '../../sql/tokens.js';
import type { Change, Trace, Tracing } from '../trace.js';
import { ifClause, index, readAlter, readPath } from './alter.js';
import { facts } from './facts.js';

type Path = readonly [schema: string, name: string];

/** Dies with the session that made it: after a crash there is nothing to find. */
const gone: Trace = { objects: [], changes: [] };

/** MySQL 8.4 manual 15.1, MariaDB 10.11. */
export const mysqlTracing: Tracing = {
  read: readTrace,
  facts,
  place: "json_quote(coalesce(database(), ''))",
  enter: (place) => ({ sql: `use \`${place.replaceAll('`', '``')}\`` }),
};

function readTrace(statement: string, options: LexOptions): Trace | undefined {
  const tokens = tokensOf(statement, mysqlRules, options);
  if (tokens === undefined) return undefined;
  const reader = new TokenReader(tokens);
  switch (reader.next()?.upper) {
    case 'CREATE':
      return readCreate(reader, tokens, statement);
    case 'DROP':
      return readDrop(reader);
    case 'ALTER':
      return readAlterOf(reader, tokens);
    case 'RENAME':
      return reader.takeOne(['TABLE', 'TABLES']) === undefined ? undefined : readRenames(reader);
    default:
      return undefined;
  }
}

const kinds = [
  'TABLE',
  'INDEX',
  'VIEW',
  'TRIGGER',
  'PROCEDURE',
  'FUNCTION',
  'EVENT',
  'SEQUENCE',
  'PACKAGE',
  'DATABASE',
  'SCHEMA',
];
const others = [
  'USER',
  'ROLE',
  'SERVER',
  'TABLESPACE',
  'LOGFILE',
  'UNDO',
  'RESOURCE',
  'REFERENCE',
  'LIBRARY',
];

/** The word for what is made, after DEFINER, ALGORITHM and the like. */
function kindOf(reader: TokenReader): string | undefined {
  for (let i = 0; i < 24 && !reader.done; i++) {
    const kind = reader.takeOne(kinds);
    if (kind !== undefined) return kind === 'SCHEMA' ? 'DATABASE' : kind;
    if (reader.takeOne(others) !== undefined) return undefined;
    reader.next();
  }
  return undefined;
}

function readCreate(reader: TokenReader, tokens: readonly Token[], text: string): Trace | undefined {
  const replace = reader.take('OR', 'REPLACE');
  if (reader.take('TEMPORARY')) return gone;
  const kind = kindOf(reader);
  if (kind === undefined || tokens.some(({ upper }) => upper === 'SONAME')) return undefined;
  if (kind === 'PACKAGE') reader.take('BODY');
  ifClause(reader);
  if (kind === 'DATABASE') {
    const name = reader.name();
    return name === undefined ? undefined : traceOf('database', ['', name], made(replace));
  }
  if (kind === 'INDEX') {
    const name = reader.name();
    while (!reader.done && !reader.take('ON')) reader.next();
    const table = readPath(reader);
    if (name === undefined || table === undefined) return undefined;
    return { objects: [['detail', ...table]], changes: [{ to: 'present', fact: index(label(table), name) }] };
  }
  const path = readPath(reader);
  if (path === undefined) return undefined;
  if (kind === 'TABLE') {
    // rows that were copied cannot be told from rows that were not: that the table is there proves nothing
    const copies = !replace && classify({ ...nowhere, text }, mysqlRules).trace === 'ambiguous';
    const trace = traceOf('table', path, copies ? 'absent' : 'present');
    return replace ? { ...trace, opaque: true } : trace;
  }
  return traceOf(kind.toLowerCase(), path, made(replace));
}

const nowhere = { start: 0, end: 0, line: 1, column: 1 };

function made(replace: boolean): 'present' | 'changed' {
  return replace ? 'changed' : 'present';
}

function readDrop(reader: TokenReader): Trace | undefined {
  if (reader.take('TEMPORARY')) return gone;
  const kind = reader.takeOne(kinds);
  if (kind === undefined) return undefined;
  if (kind === 'PACKAGE') reader.take('BODY');
  ifClause(reader);
  if (kind === 'INDEX') {
    const name = reader.name();
    const table = reader.take('ON') ? readPath(reader) : undefined;
    if (name === undefined || table === undefined) return undefined;
    return { objects: [['detail', ...table]], changes: [{ to: 'absent', fact: index(label(table), name) }] };
  }
  const word = kind === 'SCHEMA' ? 'database' : kind.toLowerCase();
  const objects: string[][] = [];
  const changes: Change[] = [];
  do {
    const path = word === 'database' ? pathOf(reader.name()) : readPath(reader);
    if (path === undefined) return undefined;
    objects.push([word, ...path]);
    changes.push({ to: 'absent', fact: `${word} ${label(path)}` });
  } while (reader.take(','));
  return { objects, changes, ...(word === 'database' ? { restart: true as const } : {}) };
}

function readAlterOf(reader: TokenReader, tokens: readonly Token[]): Trace | undefined {
  reader.take('ONLINE');
  reader.take('IGNORE');
  const kind = kindOf(reader);
  ifClause(reader);
  switch (kind) {
    case 'TABLE':
      return readAlterTable(reader, tokens);
    case 'DATABASE': {
      const unnamed = ['CHARACTER', 'CHARSET', 'COLLATE', 'DEFAULT', 'ENCRYPTION', 'READ', 'COMMENT'];
      const name = unnamed.includes(reader.peek()?.upper ?? '') ? '' : reader.name();
      return name === undefined ? undefined : traceOf('database', ['', name], 'changed');
    }
    case 'VIEW':
    case 'PROCEDURE':
    case 'FUNCTION': {
      const path = readPath(reader);
      return path === undefined ? undefined : traceOf(kind.toLowerCase(), path, 'changed');
    }
    case 'EVENT': {
      const path = readPath(reader);
      const renames = tokens.some(({ upper }, i) => upper === 'RENAME' && tokens[i + 1]?.upper === 'TO');
      return path === undefined || renames ? undefined : traceOf('event', path, 'changed');
    }
    default:
      return undefined;
  }
}

function readAlterTable(reader: TokenReader, tokens: readonly Token[]): Trace | undefined {
  const path = readPath(reader);
  if (path === undefined) return undefined;
  if (reader.take('WAIT')) reader.next();
  reader.take('NOWAIT');
  const rest: Token[] = [];
  while (!reader.done) rest.push(reader.next()!);
  const alteration = readAlter(rest, label(path));
  const { renamed } = alteration;
  const files = tokens.some(
    ({ upper }, i) =>
      /^(TRUNCATE|EXCHANGE|DISCARD|IMPORT)$/.test(upper) &&
      /^(PARTITION|TABLESPACE)$/.test(tokens[i + 1]?.upper ?? ''),
  );
  return {
    objects: [
      ['detail', ...path],
      ...(alteration.partitions ? [['partitions', ...path]] : []),
      ...(renamed === undefined ? [] : [['table', ...renamed]]),
    ],
    changes:
      renamed === undefined
        ? alteration.changes
        : // under its new name the table is not read in detail: that it has moved says that all has happened
          [
            { to: 'absent', fact: `table ${label(path)}` },
            { to: 'present', fact: `table ${label(renamed)}` },
          ],
    ...(alteration.opaque || files ? { opaque: true as const } : {}),
  };
}

/** Several renames in one statement are one: what each name stands for at the end. */
function readRenames(reader: TokenReader): Trace | undefined {
  ifClause(reader);
  const origin = new Map<string, string | undefined>();
  const paths = new Map<string, Path>();
  do {
    const from = readPath(reader);
    if (reader.take('WAIT')) reader.next();
    reader.take('NOWAIT');
    const to = reader.take('TO') ? readPath(reader) : undefined;
    if (from === undefined || to === undefined) return undefined;
    for (const path of [from, to]) paths.set(label(path), path);
    origin.set(label(to), origin.has(label(from)) ? origin.get(label(from)) : label(from));
    origin.set(label(from), undefined);
  } while (reader.take(','));
  const changes = [...origin].map(([name, from]): Change => {
    const fact = `table ${name}`;
    return from === undefined ? { to: 'absent', fact } : { to: 'moved', fact, from: `table ${from}` };
  });
  // names that only change places: where they look the same from outside, they cannot be told apart
  const vacated = changes.some(
    ({ to, fact }) => to === 'absent' && changes.some((c) => c.to === 'moved' && c.from === fact),
  );
  return {
    objects: [...paths.values()].map((path) => ['shape', ...path]),
    changes,
    ...(!vacated ? { opaque: true as const } : {}),
  };
}

function traceOf(kind: string, path: Path, to: 'present' | 'absent' | 'changed'): Trace {
  return { objects: [[kind, ...path]], changes: [{ to, fact: `${kind} ${label(path)}` }] };
}

function pathOf(name: string | undefined): Path | undefined {
  return name === undefined ? undefined : ['', name];
}

function label([schema, name]: Path): string {
  return schema === '' ? name : `${schema}.${name}`;
}
