import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadFiles } from './folder.js';

function checksum(files: Readonly<Record<string, string | Buffer>>): string {
  return loadFiles(files)[0]!.checksum;
}

test('F100 checksums of v1 are frozen', () => {
  expect({
    single: checksum({ '0001_x.sql': 'create table t (id int);\n' }),
    empty: checksum({ '0001_x.sql': '' }),
    pair: checksum({ '0001_x.up.sql': 'create table t (id int);\n', '0001_x.down.sql': 'drop table t;\n' }),
    folder: checksum({
      '0001_x/up.sql': 'create table t (id int);\n',
      '0001_x/down.sql': 'drop table t;\n',
      '0001_x/metadata.toml': 'run_in_transaction = false\n',
    }),
    dialects: checksum({ '0001_x.sql': 'a', '0001_x.pg.sql': 'b', '0001_x.mysql.sql': 'c' }),
    module: checksum({ '0001_x.ts': 'export const up = () => {};\n' }),
    text: checksum({ '0001_x.sql': "select 'é';\n" }),
  }).toMatchInlineSnapshot(`
    {
      "dialects": "v1:5918a92a171806cf8e53ae90c0abd2c53d9cd88d732c537eb9b48faa18e56677",
      "empty": "v1:20042d4c26f79cfcb00685bd690d0720cc64bf37eda0a2bbf333ded5f66bd8b5",
      "folder": "v1:f68fd16ebf7871f1fbb335a90f7324041e3739499b1dcdadcc91d2888d4c8628",
      "module": "v1:e2480a8827ec477a97ccb8bbbde650b0e13d662e037a72dfcb7462e23860e87f",
      "pair": "v1:cdea7644eadf5cff31f1e5472159eb3e60b17d0e674193c5538e5829493ae0f0",
      "single": "v1:d1df44e77550133bdc12b8c468de3730fb01f0bed72f9b883a0708813278c8de",
      "text": "v1:b34e19b858af73cdfe03407ae6da36140261e83ffa4f1ed017bedf8b1515a350",
    }
  `);
});

test('F85 F86 line ends and a BOM do not count, whatever their mix', () => {
  const lines = fc.array(fc.stringMatching(/^[ -~é]+$/), { minLength: 1, maxLength: 8 });
  const ends = fc.array(fc.constantFrom('\n', '\r\n', '\r'), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(lines, ends, fc.boolean(), (text, mix, bom) => {
      const other =
        (bom ? '\ufeff' : '') + text.map((line, i) => line + (i < text.length - 1 ? mix[i] : '')).join('');
      expect(checksum({ '1_x.sql': Buffer.from(other) })).toBe(checksum({ '1_x.sql': text.join('\n') }));
    }),
    { numRuns: 50 },
  );
});

test('F85 joined lines, moved text and another role do count', () => {
  const base = checksum({ '1_x.sql': '-- a\nselect 1;\n' });
  const others = [
    checksum({ '1_x.sql': '-- a select 1;\n' }),
    checksum({ '1_x.sql': '-- a\n\nselect 1;\n' }),
    checksum({ '1_x.sql': '-- a\nselect 1;' }),
    checksum({ '1_x.up.sql': '-- a\nselect 1;\n' }),
    checksum({ '1_x.pg.sql': '-- a\nselect 1;\n' }),
    checksum({ '1_x.up.sql': '-- a\n', '1_x.down.sql': 'select 1;\n' }),
    checksum({ '1_x.up.sql': '-- a\nsel', '1_x.down.sql': 'ect 1;\n' }),
  ];
  expect(new Set([base, ...others]).size).toBe(others.length + 1);
});

test('the name is no part of it, nor is the kind of module', () => {
  expect(checksum({ '1_x.sql': 'a' })).toBe(checksum({ '2_y.sql': 'a' }));
  expect(checksum({ '1_x.pg.sql': 'a' })).toBe(checksum({ '1_x.postgresql.sql': 'a' }));
});

test('F100 the rule, written out', () => {
  const sum = createHash('sha256');
  sum.update('both\0').update('11\0').update("select 'é'");
  sum.update('both.mysql\0').update('1\0').update('m');
  sum.update('both.postgres\0').update('1\0').update('p');
  expect(checksum({ '1_x.pg.sql': 'p', '1_x.mysql.sql': 'm', '1_x.sql': "select 'é'" })).toBe(
    `v1:${sum.digest('hex')}`,
  );
});
