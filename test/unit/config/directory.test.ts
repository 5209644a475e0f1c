import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sqlite } from '../../../src/dialects/sqlite/index.js';
import { faultsOf, folderWith, parse, refusal } from './support.js';

async function databaseWith(...statements: readonly string[]): Promise<string> {
  const root = folderWith();
  const session = await sqlite.connect(sqlite.parseUrl('sqlite:fleet.db', root), {
    access: 'write',
    tls: { mode: 'off' },
    connectMs: 1000,
    statementMs: 0,
    ddlLockMs: 1000,
    onConnect: [],
    resolveFrom: process.cwd(),
    applicationName: 'test',
  });
  await session.batch(statements.map((sql) => ({ sql })));
  await session.close();
  return root;
}

const table =
  'create table fleet (name text, url text, direct_url text, "group" text, labels text, replicas text, schema text, protected int, tls text)';
const url = 'sqlite:fleet.db';

test('shards from a directory database, in the order of the query', async () => {
  const root = await databaseWith(
    table,
    `insert into fleet values ('b', 'postgres://app:geheim@db2/shop', 'postgres://app:geheim@db3/shop', 'eu', '{"tier":"gold"}', '["postgres://db4/shop"]', 't7', 1, 'no-verify')`,
    `insert into fleet (name, url, labels, protected) values ('a', 'sqlite:a.db', '', 0)`,
  );
  const query = 'select * from fleet order by name desc;';
  const config = await parse({ shards: { url: { env: 'FLEET' }, query } }, { root, env: { FLEET: url } });
  expect(config.shards).toMatchObject([
    {
      name: 'b',
      target: { display: 'postgres://app@db2:5432/shop' },
      directTarget: { host: 'db3' },
      replicas: [{ host: 'db4' }],
      group: 'eu',
      labels: { tier: 'gold' },
      schema: 't7',
      protected: true,
      tls: { mode: 'no-verify' },
    },
    { name: 'a', target: { database: join(root, 'a.db') }, labels: {}, protected: false },
  ]);
  expect(config.shards[0]!.target.password).toBe('geheim');
});

test('F152 faults of rows stand at their place', async () => {
  const root = await databaseWith(
    table,
    `insert into fleet (name, url) values ('a', 'sqlite:a.db'), ('a b', 'sqlite:b.db'), ('c', null)`,
    `insert into fleet (name, url, labels) values ('d', 'sqlite:d.db', 'geheim')`,
  );
  const shards = { url, query: 'select name, url, labels, schema as shema from fleet' };
  expect(await faultsOf({ shards }, { root })).toEqual([
    'shards.query: selects unknown columns: shema (did you mean schema?); known are name, url, directUrl, replicas, group, labels, schema, protected, tls',
    'shards[3].labels: is not JSON',
    'shards[1].name: expected a name of at most 128 letters, digits, dots, dashes and underscores, found another text',
    'shards[2].url: is not set; give a URL or { env: NAME }, and set its environment variable',
  ]);
});

test.each([
  ['delete from fleet', 'shards.query: is not a SELECT'],
  ['select name, url from fleet where name = ?', 'shards.query: holds a ?, which would be a parameter'],
  ['select name, url from fleet', 'shards.query: returned no shards'],
])('%s', async (query, fault) => {
  const root = await databaseWith(table);
  expect(await faultsOf({ shards: { url, query } }, { root })).toEqual([fault]);
});

test('F152 a directory is not contacted while there is a fault', async () => {
  const shards = { url: 'sqlite:no-folder/fleet.db', query: 'select name, url from fleet' };
  expect(await faultsOf({ shards, perHost: 0 })).toEqual([
    'perHost: expected a whole number from 1 to 10000, found a number',
  ]);
});

test('a directory that cannot be read says so, without secrets', async () => {
  const query = 'select name, url from fleet';
  const absent = await refusal(parse({ shards: { url: 'sqlite:no-folder/fleet.db', query } }));
  expect(absent).toMatchObject({ code: 'unreachable', exitCode: 8 });
  const root = await databaseWith('create table other (a)');
  const wrong = await refusal(parse({ shards: { url, query } }, { root }));
  expect(wrong).toMatchObject({ code: 'config_invalid', exitCode: 2 });
  expect(wrong.message).toContain('no such table: fleet');
  const plain = { url: 'postgres://app:geheim@db1/fleet?sslmode=disable', query };
  const open = await refusal(parse({ shards: plain }));
  expect(open).toMatchObject({ code: 'tls_required', exitCode: 12 });
  expect(open.message).not.toContain('geheim');
});
