import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../../src/dialects/dialect.js';
import { mysql } from '../../../src/dialects/mysql/index.js';
import { postgres } from '../../../src/dialects/postgres/index.js';
import { sqlite } from '../../../src/dialects/sqlite/index.js';
import { parseSections, type SectionOptions, statementsOf } from '../../../src/migration/sections.js';
import { errorOf } from './folder.js';

function parse(text: string, dialect: Dialect = postgres, role: SectionOptions['role'] = 'both') {
  const sections = parseSections(text, dialect.sqlRules, { role, transaction: true });
  return sections.map((section) => [
    `${section.direction}${section.transaction ? '' : ' no transaction'}`,
    ...statementsOf(section, dialect.sqlRules, undefined).map(
      (statement) => `${statement.line}:${statement.column} ${statement.text}`,
    ),
  ]);
}

function fault(text: string, role: SectionOptions['role'] = 'both', dialect: Dialect = postgres): string {
  const error = errorOf(() => parse(text, dialect, role));
  return `${error.code} ${error.details.line}: ${error.message}`;
}

describe('sections', () => {
  test('a file without section lines is all up', () => {
    expect(parse('select 1;\nselect 2')).toEqual([['up', '1:1 select 1', '2:1 select 2']]);
    expect(parse('')).toEqual([['up']]);
    expect(parse('drop table t;', postgres, 'down')).toEqual([['down', '1:1 drop table t']]);
  });

  test.each([
    ['-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n'],
    ['--migrate:up\nselect 1\n--   migrate:down   \nselect 2'],
    ['-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;'],
    ['--+goose up\nselect 1;\n  -- +goose DOWN\nselect 2;'],
  ])('up and down %#', (text) => {
    expect(parse(text)).toEqual([
      ['up', '2:1 select 1'],
      ['down', '4:1 select 2'],
    ]);
  });

  test('comments above the first section, down before up, an empty section', () => {
    expect(parse('-- licence\n/* x */\n-- migrate:down\nselect 2;\n-- migrate:up\n')).toEqual([
      ['down', '4:1 select 2'],
      ['up'],
    ]);
  });

  test.each([
    ['-- migrate:up transaction:false\nx;\n-- migrate:down\ny;', 'up no transaction', 'down'],
    ['-- migrate:up\nx;\n-- migrate:down transaction:false\ny;', 'up', 'down no transaction'],
    ['-- no-transaction\n-- migrate:up\nx;\n-- migrate:down\ny;', 'up no transaction', 'down no transaction'],
    [
      '-- no-transaction\n-- migrate:up transaction:true\nx;\n-- migrate:down\ny;',
      'up',
      'down no transaction',
    ],
    [
      '-- +goose NO TRANSACTION\n-- +goose Up\nx;\n-- +goose Down\ny;',
      'up no transaction',
      'down no transaction',
    ],
  ])('transactions %#', (text, up, down) => {
    expect(parse(text).map(([first]) => first)).toEqual([up, down]);
  });

  test('a file of one direction takes its own section line', () => {
    expect(parse('-- migrate:up transaction:false\nselect 1;', postgres, 'up')).toEqual([
      ['up no transaction', '2:1 select 1'],
    ]);
    expect(fault('-- migrate:up\nselect 1;', 'down')).toBe(
      'migrations_invalid 1: the file of down holds a section for up',
    );
  });

  test.each<[string, Dialect, string]>([
    ['a dollar quote', postgres, 'select $x$\n-- migrate:down\n$x$;'],
    ['a string', postgres, "select '\n-- migrate:down\n';"],
    ['a block comment', postgres, '/*\n-- migrate:down\n*/ select 1;'],
    ['COPY data', postgres, 'copy t from stdin;\n-- migrate:down\n\\.\n'],
    ['a MySQL string', mysql, "select '\\'\n-- migrate:down\n';"],
    ['a SQLite name', sqlite, 'select "\n-- migrate:down\n";'],
    ['a near miss in a string', postgres, "select '\n-- migrate:dwon\n';"],
  ])('a section line inside %s is text', (_, dialect, inner) => {
    const found = parse(`-- migrate:up\n${inner}\n-- migrate:down\nselect 2;`, dialect);
    expect(found.map(([first]) => first)).toEqual(['up', 'down']);
    expect(found[0]).toHaveLength(2);
    expect(found[1]).toEqual([
      'down',
      `${inner.split('\n').length + 3 - (inner.endsWith('\n') ? 0 : 0)}:1 select 2`,
    ]);
  });

  test('a section ends the statement above it', () => {
    expect(parse('-- migrate:up\nselect 1 -- one\n-- migrate:down\nselect 2')).toEqual([
      ['up', '2:1 select 1'],
      ['down', '4:1 select 2'],
    ]);
  });
});

describe('phases', () => {
  function phases(text: string) {
    return parseSections(text, postgres.sqlRules, { role: 'both', transaction: true }).map(
      ({ phase, direction, transaction, paged, line }) => ({ phase, direction, transaction, paged, line }),
    );
  }

  test('each with its down, the backfill with its table and key, the query that verifies', () => {
    const text = `-- migrate:expand transaction:false
alter table users add full_name text;
-- migrate:expand:down
alter table users drop full_name;
-- migrate:backfill table:app.users key:tenant_id,id
update users set full_name = first;
-- migrate:verify
select 0;
-- migrate:contract
alter table users drop first;
`;
    const common = { transaction: true, paged: undefined };
    expect(phases(text)).toEqual([
      { ...common, phase: 'expand', direction: 'up', transaction: false, line: 1 },
      { ...common, phase: 'expand', direction: 'down', line: 3 },
      {
        ...common,
        phase: 'backfill',
        direction: 'up',
        paged: { table: 'app.users', key: ['tenant_id', 'id'] },
        line: 5,
      },
      { ...common, phase: 'verify', direction: 'up', line: 7 },
      { ...common, phase: 'contract', direction: 'up', line: 9 },
    ]);
  });

  test('stand together in one file', () => {
    expect(fault('-- migrate:expand\nselect 1;', 'up')).toBe(
      'migrations_invalid 1: a file of up alone holds the phase `migrate:expand`',
    );
  });
});

describe('goose blocks', () => {
  const body = 'create procedure p()\nbegin\n  select 1;\n  select 2;\nend;';
  test.each([
    ['mysql', mysql],
    ['postgres', postgres],
  ])('a routine between StatementBegin and StatementEnd is one statement on %s', (_, dialect) => {
    const text = `-- +goose Up\nselect 0;\n-- +goose StatementBegin\n${body}\n-- +goose StatementEnd\nselect 3;\n`;
    const [up] = parse(text, dialect);
    expect(up?.map((line) => line.replace(/;$/, ''))).toEqual([
      'up',
      '2:1 select 0',
      `4:1 ${body.slice(0, -1)}`,
      '10:1 select 3',
    ]);
  });

  test('what is not balanced', () => {
    expect(fault('-- +goose Up\n-- +goose StatementBegin\nselect 1;')).toBe(
      'migrations_invalid 2: `+goose StatementBegin` has no StatementEnd',
    );
    expect(fault('-- +goose Up\n-- +goose StatementEnd\n')).toBe(
      'migrations_invalid 2: `+goose StatementEnd` has no StatementBegin',
    );
    expect(fault('-- +goose ENVSUB ON\n-- +goose Up\n')).toContain('unknown `+goose ENVSUB ON`');
  });
});

describe('faults', () => {
  test.each([
    ['-- migrate:Up\n', 1],
    ['-- migrat:up\n', 1],
    ['-- migrate: up\n', 1],
    ['-- migrate: up transaction:false\n', 1],
    ['-- migrate:up; and more\n', 1],
    ['-- migrate-up\n', 1],
    ['-- Migrate:up\n', 1],
    ['# migrate:up\n', 1],
    ['-- migrate:up\n-- migrate:dwon\n', 2],
    ['-- migrate:up\n-- migrate:donw\n', 2],
    ['-- migrate:up\n-- migrate:rollback\n', 2],
    ['-- migrate:up\n-- migrate:down:down\n', 2],
    ['-- migrate:up\n-- migrations:down\n', 2],
  ])('F94 the near miss %j', (text, line) => {
    expect(fault(text)).toMatch(new RegExp(`^migrations_invalid ${line}: .* is not a section line$`));
  });

  test.each([
    '-- migrate the users',
    '-- Migrate: move the users to the new table',
    '-- migration of users, up and running',
    '-- migrated by hand',
    '-- up',
    '-- Migration: backfill the users',
    '-- migrate-down of everything',
    '-- immigrate: upstate',
  ])('%j is a comment', (comment) => {
    expect(parse(`${comment}\nselect 1;`)).toEqual([['up', '2:1 select 1']]);
  });

  test.each([
    [
      '-- migrate:up transaction:no\n',
      'migrations_invalid 1: unknown option `transaction:no` of `migrate:up`',
    ],
    [
      '-- migrate:up transactions:false\n',
      'migrations_invalid 1: unknown option `transactions:false` of `migrate:up`',
    ],
    ['-- migrate:up table:users\n', 'migrations_invalid 1: unknown option `table:users` of `migrate:up`'],
    [
      '-- migrate:up transaction:false transaction:true\n',
      'migrations_invalid 1: the option `transaction:true` is there twice',
    ],
    [
      '-- migrate:up\n-- migrate:down\n-- migrate:up\n',
      'migrations_invalid 3: the section `migrate:up` is there twice',
    ],
    ['\nselect 1;\n-- migrate:up\n', 'migrations_invalid 2: a statement stands above the first section line'],
    ['-- migrate:down\nselect 1;\n', 'migrations_invalid 1: the file has no up'],
    ['-- no transaction\nselect 1;', 'migrations_invalid 1: unknown `-- no transaction`'],
    ['-- migrate:up\n\n-- migrate:expand\n', 'migrations_invalid 3: up or down stands beside phases'],
    ['-- migrate:expand\n\n-- migrate:down\n', 'migrations_invalid 3: up or down stands beside phases'],
    ['-- migrate:contract:down\n', 'migrations_invalid 1: the file has no phase'],
    ['-- migrate:verify\nselect 0;', 'migrations_invalid 1: the file has no phase'],
    [
      '-- migrate:expand\n-- migrate:contract:down\n',
      'migrations_invalid 2: `migrate:contract:down` has no `migrate:contract`',
    ],
    [
      '-- migrate:expand\n-- migrate:expand:down\n-- migrate:expand:down\n',
      'migrations_invalid 3: the section `migrate:expand:down` is there twice',
    ],
    [
      '-- migrate:verify transaction:false\n',
      'migrations_invalid 1: unknown option `transaction:false` of `migrate:verify`',
    ],
    [
      '-- migrate:expand table:users\n',
      'migrations_invalid 1: unknown option `table:users` of `migrate:expand`',
    ],
    ['-- migrate:backfill table:users\n', 'migrations_invalid 1: `migrate:backfill` has a table and no key'],
    ['-- migrate:backfill key:id\n', 'migrations_invalid 1: `migrate:backfill` has a key and no table'],
    [
      '-- migrate:backfill table:users;drop key:id\n',
      'migrations_invalid 1: unknown option `table:users;drop` of `migrate:backfill`',
    ],
    [
      '-- migrate:backfill:down table:users key:id\n',
      'migrations_invalid 1: unknown option `table:users` of `migrate:backfill:down`',
    ],
    [
      '-- migrate:backfill table:users key:id transaction:false\n',
      'migrations_invalid 1: a backfill in pages commits each page by itself',
    ],
    ['-- migrate:verify:down\n', 'migrations_invalid 1: `migrate:verify:down` is not a section line'],
  ])('%j', (text, message) => {
    expect(fault(text)).toBe(message);
  });

  test('a quote that is never closed is named with its place', () => {
    expect(fault("-- migrate:up\nselect 'x;\n-- migrate:down\n")).toMatch(/^sql_invalid 2: /);
  });
});

test('F98 a file with a thousand goose blocks reads in linear time', () => {
  const block =
    '-- +goose StatementBegin\ncreate procedure p()\nbegin\n  select 1;\nend;\n-- +goose StatementEnd\n';
  const started = performance.now();
  expect(parse(`-- +goose Up\n${block.repeat(1_000)}`, mysql)[0]).toHaveLength(1_001);
  expect(performance.now() - started).toBeLessThan(3_000);
});
