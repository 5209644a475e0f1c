import type { Query } from '../dialect.js';
import type { Trace } from '../trace.js';
import { literal } from './literal.js';

/** A short stand-in for what some columns of a catalogue's row say. MySQL has no md5() of its own since 9.6. */
function digest(...columns: readonly string[]): string {
  return `left(sha2(concat_ws('|', ${columns.map((c) => `coalesce(${c}, '-')`).join(', ')}), 256), 12)`;
}

const columnDigest = digest(
  'ordinal_position',
  'column_default',
  'is_nullable',
  'column_type',
  'character_set_name',
  'collation_name',
  'extra',
  'column_comment',
  'generation_expression',
);
const tableDigest = digest('engine', 'table_collation', 'create_options', 'table_comment');

interface Source {
  /** Of `information_schema`. */
  readonly from: string;
  /** `s` and `n` are the object's schema and name as literals, `l` what facts call it, as a literal. */
  readonly where: (s: string, n: string) => string;
  readonly key: (l: string) => string;
  readonly value: string;
}

const table: Source = {
  from: 'tables',
  where: (s, n) => `table_schema = ${s} and table_name = ${n}`,
  key: (l) => `concat('table ', ${l})`,
  value: `concat_ws(' ', table_type, ${tableDigest})`,
};

function ofTable(from: string, key: (l: string) => string, value: string, more = ''): Source {
  return { from, where: (s, n) => `table_schema = ${s} and table_name = ${n}${more}`, key, value };
}

const columns = ofTable('columns', (l) => `concat('column ', ${l}, '.', lower(column_name))`, columnDigest);

function routine(type: string): Source {
  return {
    from: 'routines',
    where: (s, n) =>
      `routine_schema = ${s} and routine_name = ${n} and routine_type = '${type.toUpperCase()}'`,
    key: (l) => `concat('${type} ', ${l})`,
    value: digest('routine_definition', 'sql_data_access', 'security_type', 'routine_comment', 'definer'),
  };
}

function likeTable(word: string): Source {
  return { ...table, key: (l) => `concat('${word} ', ${l})`, value: 'table_type' };
}

/** Which rows of the catalogue are the facts about an object; MySQL 8.4 manual chapter 28, MariaDB 10.11. */
const sources: Readonly<Record<string, readonly Source[]>> = {
  table: [table],
  sequence: [likeTable('sequence')],
  detail: [
    table,
    columns,
    ofTable(
      'statistics',
      (l) => `concat('index ', ${l}, '.', lower(index_name), ' ', seq_in_index)`,
      `concat_ws(' ', lower(column_name), sub_part, collation, non_unique, index_type)`,
    ),
    ofTable(
      'table_constraints',
      (l) => `concat('constraint ', ${l}, '.', lower(constraint_name), ':', lower(constraint_type))`,
      "''",
      " and constraint_type in ('FOREIGN KEY', 'CHECK')",
    ),
  ],
  partitions: [
    ofTable(
      'partitions',
      (l) => `concat('partition ', ${l}, '.', lower(partition_name))`,
      digest('partition_method', 'partition_expression', 'partition_description'),
      ' and partition_name is not null and coalesce(subpartition_ordinal_position, 1) = 1',
    ),
  ],
  view: [
    {
      from: 'views',
      where: table.where,
      key: (l) => `concat('view ', ${l})`,
      value: digest('view_definition', 'check_option', 'definer', 'security_type'),
    },
  ],
  trigger: [
    {
      from: 'triggers',
      where: (s, n) => `trigger_schema = ${s} and trigger_name = ${n}`,
      key: (l) => `concat('trigger ', ${l})`,
      value: digest(
        'action_statement',
        'action_timing',
        'event_manipulation',
        'event_object_table',
        'definer',
      ),
    },
  ],
  procedure: [routine('procedure')],
  function: [routine('function')],
  package: [routine('package')],
  event: [
    {
      from: 'events',
      where: (s, n) => `event_schema = ${s} and event_name = ${n}`,
      key: (l) => `concat('event ', ${l})`,
      value: digest(
        'event_definition',
        'execute_at',
        'interval_value',
        'interval_field',
        'status',
        'on_completion',
        'event_comment',
      ),
    },
  ],
  database: [
    {
      from: 'schemata',
      where: (_s, n) => `schema_name = ${n}`,
      key: (l) => `concat('database ', ${l})`,
      value: `concat_ws(' ', default_character_set_name, default_collation_name)`,
    },
  ],
};

/**
 * Names are given as literals, so that MariaDB opens only the tables that are meant; the server compares them by its
 * own rule (`lower_case_table_names`), and the facts bear the statement's spelling.
 */
export function facts(trace: Trace): Query {
  const seen = new Set<string>();
  const parts = trace.objects.flatMap(([kind, schema, name]) => {
    const s = schema === '' ? 'database()' : literal(schema!);
    const n = name === '' ? 'database()' : literal(name!);
    const l = literal(schema === '' ? name! : `${schema}.${name}`);
    if (kind === 'shape') return [shape(s, n, l)];
    return sources[kind!]!.flatMap((source) => {
      const part = `(select json_objectagg(${source.key(l)}, ${source.value}) from information_schema.${source.from} where ${source.where(s, n)})`;
      if (seen.has(part)) return [];
      seen.add(part);
      return [part];
    });
  });
  if (parts.length === 0) return { sql: "'{}'" };
  return { sql: `json_merge_patch('{}', ${parts.map((part) => `coalesce(${part}, '{}')`).join(', ')})` };
}

/** A table as one fact: equal for two tables that look the same. */
function shape(s: string, n: string, l: string): string {
  const inner = `(select sha2(json_objectagg(lower(column_name), ${columnDigest}), 256) from information_schema.columns where ${table.where(s, n)})`;
  return `(select json_objectagg(concat('table ', ${l}), concat_ws(' ', ${table.value}, ${inner})) from information_schema.tables where ${table.where(s, n)})`;
}
