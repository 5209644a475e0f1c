import { splitAtCommas, type Token, TokenReader } from '../../sql/tokens.js';
import type { Change } from '../trace.js';

export interface Alteration {
  readonly changes: readonly Change[];
  /** A clause works on rows or files and leaves the definition alone. */
  readonly opaque: boolean;
  readonly partitions: boolean;
  /** The table's name afterwards. */
  readonly renamed?: readonly [schema: string, name: string];
}

/**
 * What the clauses of `ALTER TABLE` change, by name. MySQL 8.4 manual 15.1.9, MariaDB 10.11 "ALTER TABLE".
 * @param label the table's name as the facts write it
 */
export function readAlter(tokens: readonly Token[], label: string): Alteration {
  const changes: Change[] = [];
  let opaque = false;
  let renamed: Alteration['renamed'];
  // a list of partitions has commas too, and is the only clause of its statement
  const pieces = tokens[1]?.upper === 'PARTITION' ? [tokens] : splitAtCommas(tokens);
  for (const piece of pieces) {
    const clause = readClause(piece, label);
    changes.push(...clause.changes);
    opaque ||= clause.opaque === true;
    renamed ??= clause.renamed;
  }
  const partitions = tokens.some(({ upper }) => /^PARTITION(S|ING)?$/.test(upper));
  return {
    changes: withReplaced(changes),
    opaque,
    partitions,
    ...(renamed === undefined ? {} : { renamed }),
  };
}

/** What is dropped and added again in one statement only changes. */
function withReplaced(changes: readonly Change[]): readonly Change[] {
  const added = new Set(changes.flatMap((c) => (c.to === 'present' ? [c.fact] : [])));
  const gone = new Set(changes.flatMap((c) => (c.to === 'absent' ? [c.fact] : [])));
  return changes.flatMap((change): Change[] => {
    const both = added.has(change.fact) && gone.has(change.fact);
    if (!both || (change.to !== 'present' && change.to !== 'absent')) return [change];
    return change.to === 'present' ? [{ to: 'changed', fact: change.fact }] : [];
  });
}

interface Clause {
  readonly changes: readonly Change[];
  readonly opaque?: boolean;
  readonly renamed?: readonly [schema: string, name: string];
}

const nothing: Clause = { changes: [] };
const unseen: Clause = { changes: [], opaque: true };

function readClause(tokens: readonly Token[], label: string): Clause {
  const reader = new TokenReader(tokens);
  const verb = reader.takeOne(['ADD', 'DROP', 'MODIFY', 'CHANGE', 'ALTER', 'RENAME']);
  switch (verb) {
    case 'ADD':
      return readAdd(reader, label);
    case 'DROP':
      return readDrop(reader, label);
    case 'MODIFY': {
      const name = columnName(reader);
      return name === undefined ? unseen : one('changed', column(label, name));
    }
    case 'CHANGE': {
      const [from, to] = [columnName(reader), reader.name()];
      if (from === undefined || to === undefined) return unseen;
      if (from.toLowerCase() === to.toLowerCase()) return one('changed', column(label, to));
      return {
        changes: [
          { to: 'absent', fact: column(label, from) },
          { to: 'present', fact: column(label, to) },
        ],
      };
    }
    case 'ALTER': {
      if (reader.takeOne(['INDEX', 'KEY', 'CHECK', 'CONSTRAINT']) !== undefined) return nothing;
      const name = columnName(reader);
      return name === undefined ? unseen : one('changed', column(label, name));
    }
    case 'RENAME':
      return readRename(reader, label);
    default:
      return readOption(reader, label);
  }
}

function readAdd(reader: TokenReader, label: string): Clause {
  if (reader.peek()?.upper === 'SYSTEM' && reader.peek(1)?.upper === 'VERSIONING') return unseen;
  if (reader.peek()?.upper === 'PERIOD' && reader.peek(1)?.upper === 'FOR') return unseen;
  if (reader.take('PARTITION')) return readPartitions(reader, label);
  if (reader.take('CONSTRAINT')) {
    ifClause(reader);
    const named = !['PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK'].includes(reader.peek()?.upper ?? '');
    const name = named ? reader.name() : undefined;
    return readConstraint(reader, label, name);
  }
  const index = ['INDEX', 'KEY', 'FULLTEXT', 'SPATIAL', 'UNIQUE', 'PRIMARY', 'FOREIGN', 'CHECK'];
  if (index.includes(reader.peek()?.upper ?? '')) return readConstraint(reader, label, undefined);
  reader.take('COLUMN');
  ifClause(reader);
  const list = reader.group();
  const names =
    list === undefined ? [reader.name()] : splitAtCommas(list).map((piece) => new TokenReader(piece).name());
  if (names.some((name) => name === undefined)) return unseen;
  return { changes: names.map((name) => ({ to: 'present', fact: column(label, name!) })) };
}

function readConstraint(reader: TokenReader, label: string, symbol: string | undefined): Clause {
  if (reader.take('PRIMARY', 'KEY')) return one('present', index(label, 'primary'));
  if (reader.take('FOREIGN', 'KEY')) return constraint(label, symbol);
  if (reader.take('CHECK')) return constraint(label, symbol);
  reader.takeOne(['FULLTEXT', 'SPATIAL', 'UNIQUE']);
  reader.takeOne(['INDEX', 'KEY']);
  ifClause(reader);
  const own = reader.peek()?.upper === '(' || reader.peek()?.upper === 'USING' ? undefined : reader.name();
  const name = own ?? symbol;
  return name === undefined ? one('new', `index ${label}.*`) : one('present', index(label, name));
}

function constraint(label: string, name: string | undefined): Clause {
  return name === undefined
    ? one('new', `constraint ${label}.*`)
    : one('present', `constraint ${label}.${name.toLowerCase()}:*`);
}

function readDrop(reader: TokenReader, label: string): Clause {
  if (reader.take('PRIMARY', 'KEY')) return one('absent', index(label, 'primary'));
  if (reader.peek()?.upper === 'SYSTEM' && reader.peek(1)?.upper === 'VERSIONING') return unseen;
  if (reader.peek()?.upper === 'PERIOD' && reader.peek(1)?.upper === 'FOR') return unseen;
  if (reader.take('PARTITION')) {
    ifClause(reader);
    return namesOf(reader, (name) => ({ to: 'absent', fact: partition(label, name) }));
  }
  if (reader.takeOne(['INDEX', 'KEY']) !== undefined) {
    ifClause(reader);
    const name = reader.name();
    return name === undefined ? unseen : one('absent', index(label, name));
  }
  const foreign = reader.take('FOREIGN', 'KEY');
  if (foreign || reader.takeOne(['CONSTRAINT', 'CHECK']) !== undefined) {
    ifClause(reader);
    const name = reader.name();
    return name === undefined ? unseen : one('absent', `constraint ${label}.${name.toLowerCase()}:*`);
  }
  const name = columnName(reader);
  return name === undefined ? unseen : one('absent', column(label, name));
}

function readRename(reader: TokenReader, label: string): Clause {
  const what = reader.takeOne(['COLUMN', 'INDEX', 'KEY']);
  if (what !== undefined) {
    ifClause(reader);
    const from = reader.name();
    const to = reader.take('TO') ? reader.name() : undefined;
    if (from === undefined || to === undefined) return unseen;
    const fact = what === 'COLUMN' ? column : index;
    return {
      changes: [
        { to: 'absent', fact: fact(label, from) },
        { to: 'present', fact: fact(label, to) },
      ],
    };
  }
  reader.takeOne(['TO', 'AS', '=']);
  const path = readPath(reader);
  return path === undefined ? unseen : { changes: [], renamed: path };
}

function readPartitions(reader: TokenReader, label: string): Clause {
  ifClause(reader);
  const list = reader.group();
  if (list === undefined) return one('changed', `partition ${label}.*`);
  const changes = splitAtCommas(list).map((piece): Change | undefined => {
    const inner = new TokenReader(piece);
    const name = inner.take('PARTITION') ? inner.name() : undefined;
    return name === undefined ? undefined : { to: 'present', fact: partition(label, name) };
  });
  return changes.some((change) => change === undefined)
    ? unseen
    : { changes: changes.map((change) => change!) };
}

const harmless = new Set([
  'ALGORITHM',
  'LOCK',
  'FORCE',
  'ENABLE',
  'DISABLE',
  'ORDER',
  'AUTO_INCREMENT',
  'WAIT',
  'NOWAIT',
]);
const options = new Set(
  (
    'ENGINE TYPE COMMENT DEFAULT CHARACTER CHARSET COLLATE CONVERT ROW_FORMAT KEY_BLOCK_SIZE AVG_ROW_LENGTH CHECKSUM ' +
    'COMPRESSION CONNECTION DELAY_KEY_WRITE ENCRYPTION ENCRYPTED ENCRYPTION_KEY_ID INSERT_METHOD MAX_ROWS MIN_ROWS ' +
    'PACK_KEYS PAGE_CHECKSUM PAGE_COMPRESSED PAGE_COMPRESSION_LEVEL STATS_AUTO_RECALC STATS_PERSISTENT ' +
    'STATS_SAMPLE_PAGES TRANSACTIONAL'
  ).split(' '),
);

function readOption(reader: TokenReader, label: string): Clause {
  const word = reader.peek()?.upper ?? '';
  if (harmless.has(word)) return nothing;
  if (options.has(word)) return one('changed', `table ${label}`);
  const layout = ['PARTITION', 'REORGANIZE', 'COALESCE', 'REMOVE', 'CONVERT'];
  if (layout.includes(word)) return one('changed', `partition ${label}.*`);
  if (['ANALYZE', 'CHECK', 'OPTIMIZE', 'REBUILD', 'REPAIR'].includes(word)) return nothing;
  return unseen;
}

function namesOf(reader: TokenReader, change: (name: string) => Change): Clause {
  const changes: Change[] = [];
  do {
    const name = reader.name();
    if (name === undefined) return unseen;
    changes.push(change(name));
  } while (reader.take(','));
  return { changes };
}

function columnName(reader: TokenReader): string | undefined {
  reader.take('COLUMN');
  ifClause(reader);
  return reader.name();
}

export function ifClause(reader: TokenReader): void {
  if (!reader.take('IF', 'NOT', 'EXISTS')) reader.take('IF', 'EXISTS');
}

/** `table` or `schema.table`; the schema is empty where none is given. */
export function readPath(reader: TokenReader): readonly [schema: string, name: string] | undefined {
  const first = reader.name();
  if (first === undefined) return undefined;
  if (!reader.take('.')) return ['', first];
  const second = reader.name();
  return second === undefined ? undefined : [first, second];
}

function one(to: 'present' | 'absent' | 'changed' | 'new', fact: string): Clause {
  return { changes: [{ to, fact }] };
}

function column(label: string, name: string): string {
  return `column ${label}.${name.toLowerCase()}`;
}

/** Of an index the first of its columns. */
export function index(label: string, name: string): string {
  return `index ${label}.${name.toLowerCase()} 1`;
}

function partition(label: string, name: string): string {
  return `partition ${label}.${name.toLowerCase()}`;
}
