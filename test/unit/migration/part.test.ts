import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../../src/dialects/dialect.js';
import { mysql } from '../../../src/dialects/mysql/index.js';
import { postgres } from '../../../src/dialects/postgres/index.js';
import { sqlite } from '../../../src/dialects/sqlite/index.js';
import type { Direction } from '../../../src/events.js';
import {
  checkTransactions,
  isCosmeticEdit,
  loadPart,
  partFromSource,
  renderSource,
} from '../../../src/migration/part.js';
import { errorOf, load, projectOf, rejection } from './folder.js';

type Files = Readonly<Record<string, string>>;

function partOf(files: Files, direction: Direction, dialect: Dialect = postgres) {
  const root = projectOf(files);
  return loadPart(load(root)[0]!, 'up', direction, dialect, { root });
}

async function textOf(files: Files, direction: Direction, dialect?: Dialect): Promise<unknown> {
  const part = await partOf(files, direction, dialect);
  if (part?.form !== 'sql') return part;
  const statements = part.statements.map(({ line, column, text }) => `${line}:${column} ${text}`);
  return [part.file, part.transaction, ...statements];
}

describe('SQL', () => {
  test('the dialect’s own file, else the neutral one, for each direction', async () => {
    const files = {
      '1_x.up.sql': 'select 1;',
      '1_x.down.sql': 'select 2;',
      '1_x.pg.up.sql': '\n  select 3;',
    };
    expect(await textOf(files, 'up', sqlite)).toEqual(['migrations/1_x.up.sql', true, '1:1 select 1']);
    expect(await textOf(files, 'up', postgres)).toEqual(['migrations/1_x.pg.up.sql', true, '2:3 select 3']);
    expect(await textOf(files, 'down', postgres)).toEqual(['migrations/1_x.down.sql', true, '1:1 select 2']);
  });

  test('a dialect without a file is an error that says so', async () => {
    const error = await rejection(partOf({ '1_x.pg.sql': '' }, 'up', mysql));
    expect([error.code, error.message, error.hint, error.details.file]).toEqual([
      'migrations_invalid',
      '1_x has neither a file for mysql nor one for every dialect',
      'add 1_x.mysql.sql (it may be empty)',
      'migrations/1_x.pg.sql',
    ]);
    expect((await rejection(partOf({ '1_x.pg.sql': '' }, 'down', mysql))).message).toBe(error.message);
  });

  test('a missing down is undefined, an empty one has no statements', async () => {
    expect(await textOf({ '1_x.sql': 'select 1;' }, 'down')).toBeUndefined();
    expect(await textOf({ '1_x.up.sql': 'select 1;' }, 'down')).toBeUndefined();
    expect(await textOf({ '1_x.sql': '-- migrate:up\n-- migrate:down\n' }, 'down')).toEqual([
      'migrations/1_x.sql',
      true,
    ]);
  });

  test('metadata.toml', async () => {
    const up = { '1_x/up.sql': 'vacuum;' };
    expect(await textOf({ ...up, '1_x/metadata.toml': 'run_in_transaction = false\n' }, 'up')).toEqual([
      'migrations/1_x/up.sql',
      false,
      '1:1 vacuum',
    ]);
    const error = await rejection(
      partOf({ ...up, '1_x/metadata.toml': '# x\nrun_in_transacton = false' }, 'up'),
    );
    expect([error.code, error.details.file, error.details.line]).toEqual([
      'migrations_invalid',
      'migrations/1_x/metadata.toml',
      2,
    ]);
  });

  test('errors of the text name file, line and column', async () => {
    const error = await rejection(partOf({ '1_x.sql': "-- migrate:up\nselect 1;\n  select 'x;\n" }, 'up'));
    expect([error.code, error.details.file, error.details.line, error.details.column]).toEqual([
      'sql_invalid',
      'migrations/1_x.sql',
      3,
      10,
    ]);
  });

  test('the text without BOM and CR is what runs', async () => {
    expect(await textOf({ '1_x.sql': '\ufeffselect 1;\r\nselect\r2;' }, 'up')).toEqual([
      'migrations/1_x.sql',
      true,
      '1:1 select 1',
      '2:1 select\n2',
    ]);
  });

  test.each(['1_x.sql', '1_x.ts'])('F99 %s that changes during the run is not run', async (name) => {
    const root = projectOf({ [name]: 'export const up = () => {};' });
    const [migration] = load(root);
    writeFileSync(join(root, 'migrations', name), 'export const up = () => { };');
    const error = await rejection(loadPart(migration!, 'up', 'up', postgres, { root }));
    expect([error.code, error.message]).toEqual([
      'migrations_invalid',
      `migrations/${name} changed while dbpat ran`,
    ]);
    rmSync(join(root, 'migrations', name));
    expect((await rejection(loadPart(migration!, 'up', 'up', postgres, { root }))).message).toBe(
      `migrations/${name} cannot be read any more`,
    );
  });

  test('F99 line ends that change during the run change nothing', async () => {
    const root = projectOf({ '1_x.sql': 'select 1;\n' });
    const [migration] = load(root);
    writeFileSync(join(root, 'migrations/1_x.sql'), 'select 1;\r\n');
    expect(await loadPart(migration!, 'up', 'up', postgres, { root })).toMatchObject({ transaction: true });
  });
});

describe('modules', () => {
  test.each([
    [
      'named exports',
      '1_x.ts',
      'export async function up(db: string) { return `${db} up`; }\nexport const down = () => 2;',
    ],
    ['a default object', '1_x.ts', 'export default { up: (db: string) => `${db} up`, down() {} };'],
    [
      'methods that use this',
      '1_x.ts',
      'export default { word: "up", up(db: string) { return `${db} ${this.word}`; }, down() {} };',
    ],
    [
      'a class instance',
      '1_x.ts',
      'class M { up(db: string) { return `${db} up`; } down() {} }\nexport default new M();',
    ],
    ['CommonJS', '1_x.cjs', 'module.exports = { up: (db) => `${db} up`, down() {} };'],
    ['CommonJS exports', '1_x.js', 'exports.up = async (db) => `${db} up`; exports.down = () => {};'],
    [
      'built by tsc',
      '1_x.js',
      'Object.defineProperty(exports, "__esModule", { value: true });\nexports.default = { up: (db) => `${db} up`, down() {} };',
    ],
    ['ES module', '1_x.mjs', 'export const up = (db) => `${db} up`; export function down() {}'],
    ['ES module in .js', '1_x.js', 'export const up = (db) => `${db} up`; export function down() {}'],
    [
      'top-level await',
      '1_x.ts',
      'const word = await Promise.resolve("up");\nexport const up = (db: string) => `${db} ${word}`;\nexport const down = () => {};',
    ],
  ])('F105 %s', async (_, name, text) => {
    const up = await partOf({ [name]: text }, 'up');
    if (up?.form !== 'module') throw new Error('no module');
    expect([up.direction, up.phase, up.transaction, up.file]).toEqual([
      'up',
      'up',
      true,
      `migrations/${name}`,
    ]);
    expect(await up.run('db', {})).toBe('db up');
    expect((await partOf({ [name]: text }, 'down'))?.form).toBe('module');
  });

  test('transaction, description and a missing down', async () => {
    const files = {
      '1_x.ts':
        "export const transaction = false;\nexport const description = 'words';\nexport const up = () => {};",
    };
    expect(await partOf(files, 'up')).toMatchObject({ transaction: false, description: 'words' });
    expect(await partOf(files, 'down')).toBeUndefined();
  });

  test.each([
    [
      'export const down = () => {};',
      'exports no up; export a function `up`, or an object with one as default',
    ],
    ['export const up = 1;', 'exports an up that is no function but of type number'],
    ['export default { up: null };', 'exports an up that is no function but null'],
    [
      'export const up = () => {}; export const down = "x";',
      'exports a down that is no function but of type string',
    ],
    [
      'export const up = () => {}; export const transaction = "no";',
      'exports a transaction that is neither true nor false but of type string',
    ],
    [
      'export const up = () => {}; export const description = 1;',
      'exports a description that is no text but of type number',
    ],
    ['export default () => {};', 'exports no up; export a function `up`, or an object with one as default'],
    ['', 'exports no up; export a function `up`, or an object with one as default'],
    [
      'export default { expand: { up() {} } };',
      'is a phased migration that does not say so; write: export default definePhased({ … })',
    ],
  ])('F105 wrong shape %j', async (text, message) => {
    const error = await rejection(partOf({ '1_x.ts': text }, 'up'));
    expect([error.code, error.message, error.details.file]).toEqual([
      'migrations_invalid',
      `migrations/1_x.ts ${message}`,
      'migrations/1_x.ts',
    ]);
  });

  test.each([
    [
      '1_x.ts',
      'export const up = 1;\nconst x = = 2;',
      2,
      11,
      'cannot load migrations/1_x.ts: SyntaxError: Unexpected token',
    ],
    [
      '1_x.ts',
      '\n\nthrow new TypeError("boom");',
      3,
      undefined,
      'cannot load migrations/1_x.ts: TypeError: boom',
    ],
    [
      '1_x.cjs',
      'module.exports = = 2;',
      1,
      18,
      'cannot load migrations/1_x.cjs: SyntaxError: Unexpected token',
    ],
    [
      '1_x.ts',
      "import './nowhere';",
      1,
      undefined,
      "cannot load migrations/1_x.ts: Cannot find module './nowhere'",
    ],
    ['1_x.ts', "throw 'words';", undefined, undefined, 'cannot load migrations/1_x.ts: words'],
  ])('F105 an import that fails names its place: %s %j', async (name, text, line, column, message) => {
    const error = await rejection(partOf({ [name]: text }, 'up'));
    expect([error.code, error.message, error.details.file, error.details.line, error.details.column]).toEqual(
      ['migrations_invalid', message, `migrations/${name}`, line, column],
    );
  });

  test('F101 an edited module is the edited one, in the same process too', async () => {
    const root = projectOf({ '1_x.ts': 'export const up = () => 1;' });
    const run = async () => {
      const part = await loadPart(load(root)[0]!, 'up', 'up', postgres, { root });
      return part?.form === 'module' ? part.run(undefined, undefined) : undefined;
    };
    expect(await run()).toBe(1);
    writeFileSync(join(root, 'migrations/1_x.ts'), 'export const up = () => 2;');
    expect(await run()).toBe(2);
  });
});

describe('checkTransactions', () => {
  async function check(text: string, dialect: Dialect = postgres) {
    const part = await partOf({ '1_x.sql': text }, 'up', dialect);
    return () => checkTransactions(part!, dialect);
  }

  test.each([
    ['create table t (id int);\ncreate index concurrently i on t (id);', 2, postgres],
    ['vacuum;', 1, postgres],
    ['select 1;\n\nvacuum;', 3, sqlite],
    ['begin;\nselect 1;\ncommit;', 1, postgres],
    ['select 1;\ncommit;', 2, sqlite],
    ["alter type mood add value 'new';\ninsert into t values ('new');", 2, postgres],
  ])('F69 %j is refused with its line', async (text, line, dialect) => {
    const error = errorOf(await check(text, dialect));
    expect([error.code, error.details.file, error.details.line, error.details.column]).toEqual([
      'sql_invalid',
      'migrations/1_x.sql',
      line,
      1,
    ]);
    expect(error.hint).toContain('-- migrate:up transaction:false');
  });

  test('F69 without a transaction, and where DDL has none, it is allowed', async () => {
    expect(await check('-- migrate:up transaction:false\nvacuum;\nbegin;\ncommit;')).not.toThrow();
    expect(await check('begin;\nselect 1;\ncommit;', mysql)).not.toThrow();
    expect(
      await check("do $$ begin perform 1; end $$;\nsavepoint a;\nselect 'begin; commit';"),
    ).not.toThrow();
  });
});

describe('sources', () => {
  const recorded = { version: '1', description: 'x', phase: 'up' } as const;

  function source(files: Files, dialect: Dialect = postgres): string {
    return renderSource(load(projectOf(files))[0]!, dialect);
  }

  test('a single file as it is, several as one text with sections', () => {
    const single = '-- x\n-- migrate:up transaction:false\nselect 1;';
    expect(source({ '1_x.sql': single.replaceAll('\n', '\r\n') })).toBe(single);
    expect(source({ '1_x.up.sql': 'select 1', '1_x.down.sql': 'select 2;\n' })).toBe(
      '-- migrate:up\nselect 1\n-- migrate:down\nselect 2;\n',
    );
    expect(source({ '1_x.up.sql': 'select 1;\n' })).toBe('-- migrate:up\nselect 1;\n');
    expect(
      source({ '1_x/up.sql': 'a;', '1_x/down.sql': 'b;', '1_x/metadata.toml': 'run_in_transaction = false' }),
    ).toBe('-- migrate:up transaction:false\na;\n-- migrate:down transaction:false\nb;\n');
    expect(source({ '1_x.up.sql': '-- no-transaction\na;', '1_x.down.sql': 'b;' })).toBe(
      '-- migrate:up transaction:false\n-- no-transaction\na;\n-- migrate:down\nb;\n',
    );
    expect(source({ '1_x.ts': 'export const up = 1;' })).toBe('export const up = 1;');
    expect(source({ '1_x.sql': 'neutral', '1_x.pg.sql': 'own' })).toBe('own');
  });

  test('the down of a deleted file', () => {
    const text = source({
      '1_x.up.sql': 'a;',
      '1_x.down.sql': '-- no-transaction\ndrop table t;\nselect 2;',
    });
    const part = partFromSource(text, recorded, 'down', postgres);
    expect(part).toMatchObject({
      form: 'sql',
      direction: 'down',
      phase: 'up',
      transaction: false,
      file: 'ledger:1',
      statements: [
        { text: 'drop table t', line: 5 },
        { text: 'select 2', line: 6 },
      ],
    });
    expect(partFromSource('select 1;', recorded, 'down', postgres)).toBeUndefined();
    expect(partFromSource('-- migrate:up\nselect 1;', recorded, 'down', postgres)).toBeUndefined();
  });

  test('the source of a module is never taken for SQL', () => {
    const module = 'export const up = () => {};\nconst text = `\n-- migrate:down\ndrop table t;\n`;\n';
    for (const direction of ['up', 'down'] as const) {
      expect(partFromSource(module, recorded, direction, mysql)).toBeUndefined();
      expect(partFromSource(module, recorded, direction, postgres)).toBeUndefined();
    }
  });
});

describe('isCosmeticEdit', () => {
  test.each<[string, string, boolean]>([
    ['select 1;', 'SELECT  1 ; -- one', true],
    ['select 1;', '-- migrate:up\nselect 1;', true],
    ['-- migrate:up\na;\n-- migrate:down\nb;', '-- migrate:down\nb;\n\n-- migrate:up\na;', true],
    ['select 1;', 'select 2;', false],
    ["select 'a';", "select 'A';", false],
    ['-- migrate:up\na;', '-- migrate:up transaction:false\na;', false],
    ['-- migrate:up\na;\n-- migrate:down\nb;', '-- migrate:up\na;', false],
    ['-- migrate:up\na; b;\n-- migrate:down\n', '-- migrate:up\na;\n-- migrate:down\nb;', false],
    ['select 1;\nselect 2;', 'select 1; -- select 2;', false],
  ])('SQL %j -> %j: %s', async (before, after, cosmetic) => {
    expect(await isCosmeticEdit(before, after, 'sql', postgres)).toBe(cosmetic);
  });

  test.each<[string, string, boolean]>([
    [
      'export const up = (db) => db.run();',
      '// words\nexport const up = (db: Kysely<any>): void => db.run();',
      true,
    ],
    [
      "import { Kysely } from 'kysely';\nexport const up = (db: Kysely<any>) => 1;",
      "import type { Kysely } from 'kysely';\nexport const up = (db: Kysely<any>) => 1;",
      true,
    ],
    ["export const up = () => 'a'", 'export const up = () => "a";', true],
    ['export const up = () => {\n  return 1;\n};', 'export const up = () => { return 1 };', true],
    ['export const up = () => {\n  return 1;\n};', 'export const up = () => {\n  return\n  1;\n};', false],
    ['export const up = () => sql`a  b`;', 'export const up = () => sql`a b`;', false],
    ['export const up = () => 1;', 'export const up = () => 2;', false],
    ['export const up = () => a<b>(c);', 'export const up = () => a<d>(c);', false],
    ["export const up = () => '// x';", "export const up = () => '';", false],
    ["import './a';\nexport const up = () => 1;", 'export const up = () => 1;', false],
    ['export const up = () => 1;', 'export const up = () => {', false],
    ['export const up = {', 'export const up = { ', false],
  ])('module %j -> %j: %s', async (before, after, cosmetic) => {
    expect(await isCosmeticEdit(before, after, 'module', postgres)).toBe(cosmetic);
  });
});
