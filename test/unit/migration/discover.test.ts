import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dialects } from '../../../src/dialects/index.js';
import { loadMigrations } from '../../../src/migration/discover.js';
import { errorOf, faultsIn, faultsOf, load, loadFiles, project, projectOf } from './folder.js';

function shape(files: Readonly<Record<string, string>>): string[] {
  return loadFiles(files).map(
    ({ version, description, kind, form, files: own }) =>
      `${version} ${description} ${kind} ${form}: ${own.map((f) => `${f.role}${f.dialect ? `.${f.dialect}` : ''}=${f.display}`).join(' ')}`,
  );
}

describe('forms', () => {
  test('every form of the contract', () => {
    expect(
      shape({
        '0001_one.sql': '',
        '0002_pair.up.sql': '',
        '0002_pair.down.sql': '',
        '0003_only_up.up.sql': '',
        '0004_folder/up.sql': '',
        '0004_folder/down.sql': '',
        '0005_prisma/migration.sql': '',
        '0006_diesel/up.sql': '',
        '0006_diesel/metadata.toml': '',
        '0007_a.ts': '',
        '0008_b.mts': '',
        '0009_c.js': '',
        '0010_d.mjs': '',
        '0011_e.cjs': '',
        '0012_drizzle/migration.sql': '',
        '0012_drizzle/snapshot.json': '{}',
      }),
    ).toEqual([
      '0001 one plain sql: both=migrations/0001_one.sql',
      '0002 pair plain sql: up=migrations/0002_pair.up.sql down=migrations/0002_pair.down.sql',
      '0003 only up plain sql: up=migrations/0003_only_up.up.sql',
      '0004 folder plain sql: up=migrations/0004_folder/up.sql down=migrations/0004_folder/down.sql',
      '0005 prisma plain sql: up=migrations/0005_prisma/migration.sql',
      '0006 diesel plain sql: up=migrations/0006_diesel/up.sql metadata=migrations/0006_diesel/metadata.toml',
      '0007 a plain module: module=migrations/0007_a.ts',
      '0008 b plain module: module=migrations/0008_b.mts',
      '0009 c plain module: module=migrations/0009_c.js',
      '0010 d plain module: module=migrations/0010_d.mjs',
      '0011 e plain module: module=migrations/0011_e.cjs',
      '0012 drizzle plain sql: up=migrations/0012_drizzle/migration.sql',
    ]);
  });

  test('a file for each dialect', () => {
    expect(
      shape({
        '0001_x.sql': '',
        '0001_x.postgres.sql': '',
        '0002_y.mysql.up.sql': '',
        '0002_y.mysql.down.sql': '',
        '0002_y.pg.up.sql': '',
        '0003_z/up.sqlite.sql': '',
        '0003_z/up.sql': '',
        '0003_z/down.sql': '',
        '0004_w.up.mariadb.sql': '',
        '0005_v.sqlite.up.sql': '',
        '0005_v.down.sql': '',
      }),
    ).toEqual([
      '0001 x plain sql: both=migrations/0001_x.sql both.postgres=migrations/0001_x.postgres.sql',
      '0002 y plain sql: up.mysql=migrations/0002_y.mysql.up.sql up.postgres=migrations/0002_y.pg.up.sql down.mysql=migrations/0002_y.mysql.down.sql',
      '0003 z plain sql: up=migrations/0003_z/up.sql up.sqlite=migrations/0003_z/up.sqlite.sql down=migrations/0003_z/down.sql',
      '0004 w plain sql: up.mysql=migrations/0004_w.up.mariadb.sql',
      '0005 v plain sql: up.sqlite=migrations/0005_v.sqlite.up.sql down=migrations/0005_v.down.sql',
    ]);
  });

  test('what is ignored', () => {
    expect(
      shape({
        '.keep': '',
        '_draft.sql': 'x',
        'README.md': '',
        '0001_x.d.ts': '',
        '0001_x.js.map': '',
        'migrations.lock': '',
        '_archive/0001_old.sql': '',
        'lib/helper.ts': '',
        'meta/_journal.json': '',
        'empty/': '',
        '0001_x.ts': '',
        '0002_y/up.sql': '',
        '0002_y/README.md': '',
      }),
    ).toEqual([
      '0001 x plain module: module=migrations/0001_x.ts',
      '0002 y plain sql: up=migrations/0002_y/up.sql',
    ]);
  });

  test('phased sections make a phased migration', () => {
    expect(
      shape({ '1_x.sql': '-- migrate:expand\nselect 1;\n', '2_y.sql': "select 'migrate:expand';" }),
    ).toEqual(['1 x phased sql: both=migrations/1_x.sql', '2 y plain sql: both=migrations/2_y.sql']);
  });

  test('F93 sorted by number, in whatever order the names sort', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 99999 }), { minLength: 1, maxLength: 12 }), (numbers) => {
        const found = loadFiles(Object.fromEntries(numbers.map((n) => [`${n}_x.sql`, ''])));
        expect(found.map(({ version }) => Number(version))).toEqual([...numbers].sort((a, b) => a - b));
      }),
      { numRuns: 20 },
    );
  });
});

describe('faults', () => {
  test.each([
    [
      { '1_a.sql': '', '001_b.sql': '' },
      ['migrations/1_a.sql has the version of migrations/001_b.sql (001)'],
    ],
    [{ '1_a.sql': '', '1_a.ts': '' }, ['migrations/1_a.ts has the version of migrations/1_a.sql (1)']],
    [{ '1_a.ts': '', '1_a.js': '' }, ['migrations/1_a.ts has the version of migrations/1_a.js (1)']],
    [
      { '1_a.sql': '', '1_a/up.sql': '' },
      ['migrations/1_a.sql has the version of migrations/1_a/up.sql (1)'],
    ],
    [
      { '1.0_a.sql': '', '1_b.sql': '' },
      ['migrations/1_b.sql has the version of migrations/1.0_a.sql (1.0)'],
    ],
  ])('F90 F101 duplicate versions %#', (files, starts) => {
    const found = faultsOf(files);
    expect(found.map((fault, i) => fault.startsWith(starts[i]!))).toEqual(starts.map(() => true));
    expect(found).toHaveLength(starts.length);
  });

  test('F90 one form twice', () => {
    expect(faultsOf({ '1_a.sql': '', '1_a.up.sql': '' })).toEqual([
      'migrations/1_a.up.sql has the same up as migrations/1_a.sql; one of them must go',
    ]);
    expect(faultsOf({ '1_a.pg.sql': '', '1_a.postgres.sql': '' })).toHaveLength(2);
    expect(faultsOf({ '1_a/up.sql': '', '1_a/migration.sql': '' })).toHaveLength(1);
  });

  test('F90 a down without its up', () => {
    expect(faultsOf({ '1_a.down.sql': '' })).toEqual(['migrations/1_a.down.sql has no up beside it']);
    expect(faultsOf({ '1_a/down.sql': '' })).toEqual(['migrations/1_a/down.sql has no up beside it']);
    expect(faultsOf({ '1_a.mysql.down.sql': '', '1_a.pg.up.sql': '' })).toEqual([
      'migrations/1_a.mysql.down.sql has no up beside it',
    ]);
    expect(faultsOf({ '1_a/metadata.toml': '' })).toEqual(['migrations/1_a/ has no up']);
  });

  test.each([
    'create_users.sql',
    '0001.sql',
    '0001_.sql',
    '0001 create.sql',
    '0001_x.SQL',
    '0001_x.sqll',
    '0001_x.txt',
    '0001_x',
    '0001_x.oracle.sql',
    '0001_x.dwon.sql',
    '0001_x.up.up.sql',
    '0001_x.test.ts',
    '0001_x.tsx',
    '0001_x.cts',
    'O001_x.sql',
    'V1.sql',
  ])('F94 %s is not passed over', (name) => {
    const found = faultsOf({ [name]: '', '0002_good.sql': '' });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`migrations/${name} is not VERSION_description`);
  });

  test('F94 folders that were meant', () => {
    expect(
      faultsOf({
        '0001_a/Up.sql': '',
        'create/up.sql': '',
        'sqlite/0001_x.sql': '',
        '0002_b/up.sql': '',
        '0002_b/dwon.sql': '',
      }),
    ).toEqual([
      'migrations/0001_a holds neither up.sql nor migration.sql',
      'migrations/0002_b/dwon.sql is not up.sql, down.sql, migration.sql (a dialect before .sql) or metadata.toml',
      'migrations/create is not VERSION_description',
      'migrations/sqlite holds migrations, and folders are not searched; `_` in front makes it ignored',
    ]);
  });

  test('all faults come at once, and the code is migrations_invalid', () => {
    const root = projectOf({
      'x.sql': '',
      '1_a.sql': '',
      '01_b.sql': '',
      '2_c.down.sql': '',
      '3_d.sql': '\0',
    });
    const error = errorOf(() => load(root));
    expect(error.code).toBe('migrations_invalid');
    expect(error.details.faults).toHaveLength(4);
    expect(error.message.split('\n')).toHaveLength(5);
  });

  test.each([
    ['0001_\u001b[31mred.sql', 'migrations/0001_\\u{1b}[31mred.sql'],
    ['0001_a\nb.sql', 'migrations/0001_a\\u{a}b.sql'],
    ['0001_\u202egnp.sql', 'migrations/0001_\\u{202e}gnp.sql'],
    ['0001_ü.sql', 'migrations/0001_\\u{fc}.sql'],
  ])('F95 F96 %j is refused and shown escaped', (name, shown) => {
    expect(faultsOf({ [name]: '' })).toEqual([
      `${shown} holds more than ASCII letters, digits, \`_\`, \`-\` and \`.\``,
    ]);
  });

  test('F95 quotes, ::error:: and 255 bytes', () => {
    expect(faultsOf({ "0001_x'; drop table t; --.sql": '' })).toHaveLength(1);
    expect(faultsOf({ '::error::0001_x.sql': '' })).toHaveLength(1);
    expect(loadFiles({ [`0001_${'x'.repeat(246)}.sql`]: '' })).toHaveLength(1);
  });

  test('F96 names that differ only in case or in their composition', () => {
    expect(faultsOf({ '0001_A.sql': '', '0001_a.sql': '' })).toHaveLength(1);
    expect(faultsOf({ '0001_A.up.sql': '', '0001_a.down.sql': '' })).toHaveLength(1);
    expect(faultsOf({ '0001_\u00e9.sql': '', '0001_e\u0301.sql': '' })).toHaveLength(2);
  });

  test('F97 links may lead inside the project only', () => {
    const root = projectOf({ '0001_x.sql': 'select 1' });
    const outside = project({ 'secret.sql': 'select 2', 'folder/up.sql': '' });
    mkdirSync(join(root, 'common'));
    writeFileSync(join(root, 'common/ok.sql'), 'select 3');
    symlinkSync('../common/ok.sql', join(root, 'migrations/0002_ok.sql'));
    expect(load(root).map(({ version }) => version)).toEqual(['0001', '0002']);
    symlinkSync(join(outside, 'secret.sql'), join(root, 'migrations/0003_file.sql'));
    symlinkSync(join(outside, 'folder'), join(root, 'migrations/0004_folder'));
    symlinkSync('nowhere', join(root, 'migrations/0005_broken.sql'));
    symlinkSync('/dev/zero', join(root, 'migrations/0006_zero.sql'));
    expect(faultsIn(root)).toEqual([
      'migrations/0003_file.sql is a link that leads out of the project',
      'migrations/0004_folder is a link that leads out of the project',
      'migrations/0005_broken.sql is a link that leads nowhere (ENOENT)',
      'migrations/0006_zero.sql is a link that leads out of the project',
    ]);
  });

  test('F97 a folder that a link leads out of the project, and one that the config places there', () => {
    const outside = project({ '0001_x.sql': '' });
    const root = project();
    symlinkSync(outside, join(root, 'migrations'));
    expect(errorOf(() => load(root)).message).toContain('leads out of the project');
    expect(loadMigrations(outside, { root, dialects })).toHaveLength(1);
  });

  test('F97 FIFOs and sockets are refused and never opened', async () => {
    const root = projectOf({});
    execFileSync('mkfifo', [join(root, 'migrations/0001_fifo.sql')]);
    symlinkSync('0001_fifo.sql', join(root, 'migrations/0003_to_fifo.sql'));
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(root, 'migrations/0002_socket.sql'), done));
    try {
      expect(faultsIn(root)).toEqual([
        'migrations/0001_fifo.sql is a FIFO, not a file',
        'migrations/0002_socket.sql is a socket, not a file',
        'migrations/0003_to_fifo.sql is a FIFO, not a file',
      ]);
    } finally {
      server.close();
    }
  });

  test('a folder that is not there, or is none', () => {
    const missing = errorOf(() => load(project()));
    expect([missing.code, missing.message, missing.hint]).toEqual([
      'migrations_invalid',
      'the migrations folder migrations does not exist',
      'dbpat init, or set `migrations` in the config',
    ]);
    expect(errorOf(() => load(project({ migrations: '' }))).message).toContain('is not a folder');
    expect(loadFiles({})).toEqual([]);
  });
});

describe('encodings', () => {
  test.each([
    [Buffer.from('\ufeffselect 1', 'utf16le'), 'is UTF-16, not UTF-8 (byte 0)'],
    [Buffer.from([0xfe, 0xff, 0, 0x61]), 'is UTF-16, not UTF-8 (byte 0)'],
    [Buffer.from('select 1', 'utf16le'), 'is UTF-16, not UTF-8 (byte 1)'],
    [Buffer.from('select\0 1'), 'holds a NUL at byte 6'],
    [Buffer.from([0x61, 0xc3, 0xa9, 0xff, 0x62]), 'is not UTF-8 at byte 3'],
    [Buffer.from([0x61, 0x62, 0xc3]), 'is not UTF-8 at byte 2'],
  ])('F86 %#', (content, message) => {
    expect(faultsOf({ '1_x.sql': content })).toEqual([`migrations/1_x.sql ${message}`]);
  });
});

describe('size', () => {
  test('F98 10,000 files, and nothing of their text is kept', () => {
    const files = Array.from({ length: 10_000 }, (_, i) => [`${i + 1}_x.sql`, `select ${i};\n`] as const);
    const root = projectOf(Object.fromEntries(files));
    const started = performance.now();
    const found = load(root);
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(found).toHaveLength(10_000);
    expect(found[9_999]!.version).toBe('10000');
    expect(JSON.stringify(found[0])).not.toContain('select');
  }, 60_000);
});
