import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dialects } from '../../../src/dialects/index.js';
import { postgres } from '../../../src/dialects/postgres/index.js';
import { createMigration } from '../../../src/migration/create.js';
import { loadPart } from '../../../src/migration/part.js';
import { compareVersions } from '../../../src/migration/version.js';
import { errorOf, load, projectOf } from './folder.js';

const now = new Date('2026-11-23T12:34:56.789Z');

function create(root: string, description: string, form: 'sql' | 'ts' = 'sql'): string {
  const path = createMigration(join(root, 'migrations'), description, form, {
    now,
    existing: load(root),
    dialects,
  });
  return basename(path);
}

describe('the version', () => {
  test.each<[readonly string[], string]>([
    [[], '20261123123456'],
    [['20250101000000_x.sql'], '20261123123456'],
    [['20271231235959_x.sql'], '20271231235960'],
    [['0001_x.sql', '0002_y.sql'], '0003'],
    [['9_x.sql'], '10'],
    [['0009_x.sql', '0010_y.ts'], '0011'],
    [['9999_x.sql'], '10000'],
    [['1700000000_x.sql'], '20261123123456'],
    [['20300101000000000_x.sql'], '20300101000000001'],
  ])('F92 after %j: %s', (names, version) => {
    const root = projectOf(Object.fromEntries(names.map((name) => [name, ''])));
    expect(create(root, 'add users')).toBe(`${version}_add_users.sql`);
    expect(load(root).at(-1)).toMatchObject({ version, description: 'add users' });
  });

  test('the second of one second is above the first', () => {
    const root = projectOf({});
    const [first, second] = [create(root, 'x'), create(root, 'x')];
    expect([first, second]).toEqual(['20261123123456_x.sql', '20261123123457_x.sql']);
  });

  test('F92 is above every existing one', () => {
    const version = fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String);
    fc.assert(
      fc.property(fc.uniqueArray(version, { maxLength: 4 }), (versions) => {
        const root = projectOf(Object.fromEntries(versions.map((v) => [`${v}_x.sql`, ''])));
        create(root, 'y');
        const found = load(root);
        expect(found.at(-1)!.description).toBe('y');
        for (const other of found.slice(0, -1)) {
          expect(compareVersions(found.at(-1)!.version, other.version)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the name', () => {
  test.each([
    ['Create  Users!', 'create_users'],
    ['../../etc/passwd', 'etc_passwd'],
    ['été à la carte', 'ete_a_la_carte'],
    ['2fa', '2fa'],
    ["x'; drop table t; --", 'x_drop_table_t'],
  ])('F97 %j becomes %s', (description, slug) => {
    const root = projectOf({});
    expect(create(root, description)).toBe(`20261123123456_${slug}.sql`);
    expect(readdirSync(root)).toEqual(['migrations']);
  });

  test.each(['', '   ', '---', '../..', '日本'])('%j is no description', (description) => {
    expect(errorOf(() => create(projectOf({}), description)).code).toBe('usage');
  });

  test('F95 whatever the words, the file is found again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (words) => {
        const root = projectOf({});
        const slugged = /[a-z0-9]/i.test(words.normalize('NFKD'));
        if (!slugged) return;
        expect(load(root)).toHaveLength(0);
        create(root, words);
        expect(load(root)).toHaveLength(1);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the file', () => {
  test.each(['sql', 'ts'] as const)('%s has an up and a down that load', async (form) => {
    const root = projectOf({});
    const name = create(root, 'x', form);
    expect(name).toBe(`20261123123456_x.${form}`);
    for (const direction of ['up', 'down'] as const) {
      expect(await loadPart(load(root)[0]!, 'up', direction, postgres, { root })).toMatchObject({
        form: form === 'ts' ? 'module' : 'sql',
      });
    }
  });

  test('is never overwritten', () => {
    const root = projectOf({ '20261123123456_x.sql': 'mine' });
    const error = errorOf(() =>
      createMigration(join(root, 'migrations'), 'x', 'sql', { now, existing: [], dialects }),
    );
    expect(error.code).toBe('migrations_invalid');
    expect(readFileSync(join(root, 'migrations/20261123123456_x.sql'), 'utf8')).toBe('mine');
  });
});
