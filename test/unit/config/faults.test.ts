import { describe, expect, test } from 'vitest';
import { faultsOf, parse, refusal } from './support.js';

const edge = { name: 'edge', url: 'sqlite:data/edge.db' };

test('F152 all faults at once, each with its path', async () => {
  const error = await refusal(
    parse({
      shrads: [],
      shards: [edge, { name: 'a b', url: 'sqlite:x.db' }, { name: 'c' }, { url: 'sqlite:y.db', gruop: 'x' }],
      concurrency: '8',
      timeouts: { connect: '5 minutes' },
    }),
  );
  expect(error.code).toBe('config_invalid');
  expect(error.exitCode).toBe(2);
  expect(error.details.file).toBe('dbpat.config.json');
  expect(error.message).toBe(`dbpat.config.json has 7 faults:
  shrads: unknown key; did you mean shards?
  shards[1].name: expected a name of at most 128 letters, digits, dots, dashes and underscores, found another text
  shards[3].gruop: unknown key; did you mean group?
  shards[3].name: is missing
  concurrency: expected a whole number from 1 to 10000, found a text
  timeouts.connect: expected a duration (250ms, 10s, 5m, 24h, 0), found another text
  shards[2].url: is not set; give a URL or { env: NAME }, and set its environment variable`);
  expect(error.details.faults).toHaveLength(7);
});

test('F152 a shard without a proper name has its other faults listed too', async () => {
  const error = await refusal(parse({ shards: [{ nam: 'a' }, { name: 'b c', url: 'ftp://x' }] }));
  expect(error.details.faults?.map(({ path }) => path)).toEqual([
    'shards[0].nam',
    'shards[1].name',
    'shards[0].url',
    'shards[1].url',
  ]);
});

describe('F152 each fault', () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['no object', 'text', 'config: expected an object, found a text'],
    ['a list', [], 'config: expected an object, found a list'],
    ['no shards', {}, 'shards: is missing; list at least one, or give --url or DATABASE_URL'],
    ['empty list', { shards: [] }, 'shards: lists no shard'],
    ['shards of the wrong type', { shards: 'x' }, 'shards: expected a list, found a text'],
    ['null', { shards: [null] }, 'shards[0]: expected an object, found null'],
    ['odd key', { shards: [edge], 'a b\n': 1 }, "['a b?']: unknown key"],
    ['migrations', { shards: [edge], migrations: '' }, 'migrations: expected a text, found an empty text'],
    ['migrations with NUL', { shards: [edge], migrations: 'a\0' }, 'migrations: holds a NUL'],
    [
      'F131 table',
      { shards: [edge], table: 'a"; drop table x' },
      'table: expected a table name of letters, digits and _, not beginning with a digit, found another text',
    ],
    [
      'F131 table too long for its companions',
      { shards: [{ name: 'p', url: 'postgres:///d' }], table: 'a'.repeat(59) },
      'table: is longer than 58 characters, which with _lock are 63 bytes',
    ],
    [
      'F131 schema too long',
      { shards: [{ name: 'p', url: 'postgres:///d', schema: 'ä'.repeat(32) }] },
      'shards[0].schema: is longer than 63 bytes',
    ],
    [
      'F131 NUL',
      { shards: [{ name: 'p', url: 'postgres:///d', schema: 'a\0' }] },
      'shards[0].schema: holds a NUL',
    ],
    [
      'control characters',
      { shards: [{ name: 'p', url: 'postgres:///d', schema: 'a\u001b' }] },
      'shards[0].schema: holds control characters',
    ],
    [
      'F159 control characters in a group',
      { shards: [{ ...edge, group: 'eu\u001b[2J' }] },
      'shards[0].group: holds control characters',
    ],
    [
      'schema where there is none',
      { shards: [{ ...edge, schema: 'x' }] },
      'shards[0].schema: sqlite has no schemas inside a database: leave it out',
    ],
    [
      'same name',
      { shards: [edge, { ...edge, url: 'sqlite:b.db' }] },
      "shards[1].name: 'edge' is the name of shards[0] already",
    ],
    [
      'undefined url',
      { shards: [{ name: 'a', url: undefined }] },
      'shards[0].url: is not set; give a URL or { env: NAME }, and set its environment variable',
    ],
    [
      'unset variable',
      { shards: [{ name: 'a', url: { env: 'NOPE' } }] },
      'shards[0].url: the environment variable NOPE is not set',
    ],
    [
      'undefined replica',
      { shards: [{ ...edge, replicas: [undefined] }] },
      'shards[0].replicas[0]: is not set; give a URL or { env: NAME }, and set its environment variable',
    ],
    [
      'url of the wrong type',
      { shards: [{ name: 'a', url: 7 }] },
      'shards[0].url: expected a URL or { env: NAME }, found a number',
    ],
    [
      'env of the wrong type',
      { shards: [{ name: 'a', url: { env: 7 } }] },
      'shards[0].url.env: expected a text, found a number',
    ],
    [
      'unknown scheme',
      { shards: [{ name: 'a', url: 'oracle://x/y' }] },
      'shards[0].url: begins with no scheme that is known: postgres:, postgresql:, mysql:, mariadb:, sqlite:',
    ],
    [
      'another dialect',
      { shards: [{ ...edge, directUrl: 'postgres:///d' }] },
      'shards[0].directUrl: is not a sqlite URL, as that of the shard is',
    ],
    [
      'in memory',
      { shards: [{ name: 'a', url: 'sqlite::memory:' }] },
      'shards[0].url: names a database in memory, which is gone before anyone could use it: name a file',
    ],
    [
      'protected',
      { shards: [{ ...edge, protected: 'yes' }] },
      'shards[0].protected: expected true or false, found a text',
    ],
    [
      'labels',
      { shards: [{ ...edge, labels: { a: 1 } }] },
      'shards[0].labels.a: expected a text, found a number',
    ],
    [
      'onConnect',
      { shards: [{ ...edge, onConnect: 'x' }] },
      'shards[0].onConnect: expected a list, found a text',
    ],
    [
      'tls word',
      { shards: [{ ...edge, tls: 'of' }] },
      "shards[0].tls: expected 'off' or 'verify' or 'no-verify', found another text; did you mean off?",
    ],
    [
      'tls key',
      { shards: [{ ...edge, tls: { cea: 'x' } }] },
      'shards[0].tls.cea: unknown key; did you mean ca?',
    ],
    [
      'missing ca',
      { shards: [{ name: 'a', url: 'mysql://h/d', tls: { ca: 'nope.pem' } }] },
      "shards[0].tls.ca: names a file that does not exist; it is looked for from the config's folder",
    ],
    [
      'half a certificate',
      { shards: [{ name: 'a', url: 'mysql://h/d', tls: { cert: '-----BEGIN CERTIFICATE-----' } }] },
      'shards[0].tls: has only one of cert and key: a client certificate needs both',
    ],
    [
      'contradiction',
      { shards: [{ name: 'a', url: 'mysql://h/d?ssl=true', tls: 'off' }] },
      "shards[0].tls: 'off' contradicts what the URL asks for",
    ],
    ['wave without shards', { shards: [edge], waves: [{ name: 'w' }] }, 'waves[0].shards: is missing'],
    [
      'wave with no shard',
      { shards: [edge], waves: [{ name: 'w', shards: [] }] },
      "waves[0].shards: picks no shard; ['*'] is all",
    ],
    [
      'wave with a wrong selector',
      { shards: [edge], waves: [{ name: 'w', shards: ['*', 'gruop:eu'] }] },
      'waves[0].shards[1]: expected NAME, GLOB, group:G, label:K=V or a share such as 25%',
    ],
    [
      'wave with an unknown name',
      { shards: [edge], waves: [{ name: 'w', shards: ['egde'] }] },
      "waves[0].shards[0]: no shard is named 'egde'; did you mean edge?",
    ],
    [
      'two waves of one name',
      {
        shards: [edge],
        waves: [
          { name: 'w', shards: ['*'] },
          { name: 'w', shards: ['*'] },
        ],
      },
      "waves[1].name: two waves are named 'w'",
    ],
    [
      'maxFailures',
      { shards: [edge], waves: [{ name: 'w', shards: ['*'], maxFailures: '200%' }] },
      "waves[0].maxFailures: expected a number of shards or a share such as '2%', found another text",
    ],
    [
      'negative maxFailures',
      { shards: [edge], waves: [{ name: 'w', shards: ['*'], maxFailures: -1 }] },
      'waves[0].maxFailures: expected a whole number from 0 to 1000000, found a number',
    ],
    [
      'onFailure',
      { shards: [edge], waves: [{ name: 'w', shards: ['*'], onFailure: 'halt' }] },
      "waves[0].onFailure: expected 'stop' or 'continue', found another text",
    ],
    ['routing', { shards: [edge], routing: { strategy: 'hash' } }, 'routing.key: is missing'],
    [
      'strategy',
      { shards: [edge], routing: { strategy: 'hsah', key: 'id' } },
      "routing.strategy: expected 'hash' or 'range' or 'geo' or 'directory', found another text; did you mean hash?",
    ],
    [
      'concurrency',
      { shards: [edge], concurrency: 0 },
      'concurrency: expected a whole number from 1 to 10000, found a number',
    ],
    [
      'perHost',
      { shards: [edge], perHost: 1.5 },
      'perHost: expected a whole number from 1 to 10000, found a number',
    ],
    [
      'a number for a duration',
      { shards: [edge], lock: { wait: 30 } },
      "lock.wait: expected a duration such as '10s', found a number without a unit",
    ],
    [
      'too long',
      { shards: [edge], lock: { wait: '597h' } },
      'lock.wait: expected a duration (250ms, 10s, 5m, 24h, 0), found a longer time than can be waited (596h)',
    ],
    [
      'lock.mode',
      { shards: [edge], lock: { mode: 'sesion' } },
      "lock.mode: expected 'auto' or 'session' or 'lease', found another text; did you mean session?",
    ],
    [
      'outOfOrder',
      { shards: [edge], outOfOrder: true },
      "outOfOrder: expected 'refuse' or 'allow', found true",
    ],
    [
      'duty',
      { shards: [edge], backfill: { duty: 70 } },
      'backfill.duty: expected a number above 0, up to 1, found a number',
    ],
    [
      'ready',
      { shards: [edge], contract: { ready: 'yes' } },
      'contract.ready: expected a function, found a text',
    ],
    [
      'unknown hook',
      { shards: [edge], hooks: { beforRun: () => {} } },
      'hooks.beforRun: unknown key; did you mean beforeRun?',
    ],
    [
      'lint level',
      { shards: [edge], lint: { rules: { x: 'warning' } } },
      "lint.rules.x: expected 'off' or 'warn' or 'error', found another text; did you mean warn?",
    ],
    [
      'another environment',
      { shards: [edge], environments: { prod: { concurency: 1 } } },
      'environments.prod.concurency: unknown key; did you mean concurrency?',
    ],
    [
      'environments in environments',
      { shards: [edge], environments: { prod: { environments: {} } } },
      'environments.prod.environments: unknown key',
    ],
    [
      'a function that fails',
      {
        shards: async () => {
          throw new Error('no route to postgres://app:geheim@db1/x');
        },
      },
      'shards: the function failed: no route to postgres://…@db1/x',
    ],
    ['a function without shards', { shards: () => [] }, 'shards: the function returned no shard'],
    [
      'a function that returns something else',
      { shards: () => 7 },
      'shards: expected a list, found a number',
    ],
    [
      'faults of a function',
      { shards: () => [{ name: 'a', url: 'sqlite:' }] },
      'shards[0].url: names no file: sqlite:PATH',
    ],
  ];
  test.each(cases)('%s', async (_, raw, fault) => {
    expect(await faultsOf(raw)).toEqual([fault]);
  });
});
