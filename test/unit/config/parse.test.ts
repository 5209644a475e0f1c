import { describe, expect, test } from 'vitest';
import { dialects } from '../../../src/dialects/index.js';
import { faultsOf, folderWith, parse, refusal } from './support.js';

const edge = { name: 'edge', url: 'sqlite:data/edge.db' };
const [postgres, mysql, sqlite] = dialects;

test('all defaults', async () => {
  expect(await parse({ shards: [edge] })).toEqual({
    root: '/base',
    file: '/base/dbpat.config.json',
    migrations: '/base/migrations',
    table: 'schema_migrations',
    shards: [
      {
        name: 'edge',
        dialect: sqlite,
        target: sqlite!.parseUrl('sqlite:data/edge.db', '/base'),
        replicas: [],
        labels: {},
        protected: false,
        tls: { mode: 'off' },
        onConnect: [],
      },
    ],
    waves: [],
    concurrency: 8,
    perHost: 4,
    lock: { waitMs: 30_000, mode: 'auto' },
    outOfOrder: 'refuse',
    timeouts: { connectMs: 10_000, ddlLockMs: 2_000, statementMs: 0 },
    retry: { ddlLockMs: 300_000 },
    backfill: { targetMs: 500, maxRows: 50_000, duty: 0.7, maxLagMs: 2_000 },
    contract: { bakeMs: 0 },
    lint: { rules: {} },
    hooks: {},
  });
});

test('everything set', async () => {
  const ready = async () => true;
  const beforeRun = () => {};
  const config = await parse(
    {
      migrations: 'db/steps',
      table: 'history',
      shards: [
        {
          name: 'eu-1',
          url: { env: 'EU1' },
          group: 'eu',
          replicas: [{ env: 'EU1R' }],
          onConnect: ['set b = 2'],
        },
        {
          name: 'us-1',
          url: 'mysql://app:pw@db2/shop',
          directUrl: 'mysql://app:pw@db3:3307/shop',
          group: 'us',
          labels: { tier: 'gold' },
          protected: true,
          tls: 'no-verify',
        },
        { name: 'tenant', url: 'postgres://localhost/shop', schema: 'tenant "7"' },
      ],
      waves: [
        { name: 'canary', shards: ['eu-1'], pause: '10m' },
        { name: 'some', shards: ['25%', 'label:tier=gold'], maxFailures: 3, onFailure: 'continue' },
        { name: 'rest', shards: ['*'], concurrency: 8, maxFailures: '2%' },
      ],
      routing: { strategy: 'range', key: 'id', ranges: [1, 2] },
      concurrency: 16,
      perHost: 2,
      lock: { wait: 0, mode: 'lease' },
      outOfOrder: 'allow',
      onConnect: ['set a = 1'],
      timeouts: { connect: '1s', ddlLock: '250ms', statement: '1h' },
      retry: { ddlLock: '0' },
      backfill: { target: '1s', maxRows: 10, duty: 1, maxLag: '5s' },
      contract: { bake: '2400h', ready },
      lint: { rules: { 'create-index-not-concurrent': 'error' } },
      hooks: { beforeRun },
    },
    { env: { EU1: 'postgres://app:pw@db1/shop', EU1R: 'postgres://app:pw@db1r/shop?sslmode=require' } },
  );
  expect(config).toEqual({
    root: '/base',
    file: '/base/dbpat.config.json',
    migrations: '/base/db/steps',
    table: 'history',
    shards: [
      {
        name: 'eu-1',
        dialect: postgres,
        target: postgres!.parseUrl('postgres://app:pw@db1/shop', '/base'),
        replicas: [postgres!.parseUrl('postgres://app:pw@db1r/shop?sslmode=require', '/base')],
        group: 'eu',
        labels: {},
        protected: false,
        tls: { mode: 'verify' },
        onConnect: ['set a = 1', 'set b = 2'],
      },
      {
        name: 'us-1',
        dialect: mysql,
        target: mysql!.parseUrl('mysql://app:pw@db2/shop', '/base'),
        directTarget: mysql!.parseUrl('mysql://app:pw@db3:3307/shop', '/base'),
        replicas: [],
        group: 'us',
        labels: { tier: 'gold' },
        protected: true,
        tls: { mode: 'no-verify' },
        onConnect: ['set a = 1'],
      },
      {
        name: 'tenant',
        dialect: postgres,
        target: postgres!.parseUrl('postgres://localhost/shop', '/base'),
        replicas: [],
        labels: {},
        schema: 'tenant "7"',
        protected: false,
        tls: { mode: 'off' },
        onConnect: ['set a = 1'],
      },
    ],
    waves: [
      { name: 'canary', shards: ['eu-1'], pauseMs: 600_000, onFailure: 'stop' },
      {
        name: 'some',
        shards: ['25%', 'label:tier=gold'],
        pauseMs: 0,
        onFailure: 'continue',
        maxFailures: { count: 3 },
      },
      {
        name: 'rest',
        shards: ['*'],
        pauseMs: 0,
        concurrency: 8,
        onFailure: 'stop',
        maxFailures: { percent: 2 },
      },
    ],
    routing: { strategy: 'range', key: 'id', options: { ranges: [1, 2] } },
    concurrency: 16,
    perHost: 2,
    lock: { waitMs: 0, mode: 'lease' },
    outOfOrder: 'allow',
    timeouts: { connectMs: 1000, ddlLockMs: 250, statementMs: 3_600_000 },
    retry: { ddlLockMs: 0 },
    backfill: { targetMs: 1000, maxRows: 10, duty: 1, maxLagMs: 5000 },
    contract: { bakeMs: 8_640_000_000, ready },
    lint: { rules: { 'create-index-not-concurrent': 'error' } },
    hooks: { beforeRun },
  });
  expect(config.shards.map(({ target }) => target.password)).toEqual(['pw', 'pw', undefined]);
});

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

describe('environments', () => {
  const raw = {
    shards: [edge],
    timeouts: { connect: '1s', statement: '2s' },
    lint: { rules: { a: 'warn', b: 'off' } },
    environments: {
      production: {
        shards: [{ name: 'p', url: { env: 'P' } }],
        timeouts: { connect: '3s' },
        lint: { rules: { b: 'error' } },
        waves: [{ name: 'w', shards: ['p'] }],
      },
      test: {},
    },
  };

  test('one that is not chosen needs no variables', async () => {
    expect(await parse(raw)).toMatchObject({
      shards: [{ name: 'edge' }],
      timeouts: { connectMs: 1000, statementMs: 2000 },
      waves: [],
    });
  });

  test('the chosen one is merged over the rest', async () => {
    const config = await parse(raw, { environment: 'production', env: { P: 'sqlite:p.db' } });
    expect(config.environment).toBe('production');
    expect(config.shards.map(({ name }) => name)).toEqual(['p']);
    expect(config.timeouts).toEqual({ connectMs: 3000, ddlLockMs: 2000, statementMs: 2000 });
    expect(config.lint.rules).toEqual({ a: 'warn', b: 'error' });
  });

  test('its faults stand where they were written', async () => {
    expect(await faultsOf(raw, { environment: 'production' })).toEqual([
      'environments.production.shards[0].url: the environment variable P is not set',
    ]);
  });

  test('an unknown one', async () => {
    const known = 'environments: --env names none of them; known are production, test';
    expect(await faultsOf(raw, { environment: 'prodution' })).toEqual([known]);
    expect(await faultsOf({ shards: [edge] }, { environment: 'x' })).toEqual([
      'environments: --env names none of them; has no environments',
    ]);
  });
});

describe('F145 twins', () => {
  const a = { name: 'a', url: 'postgres://app@localhost/shop' };
  const b = { name: 'b', url: 'postgres://other@127.0.0.1:5432/shop' };

  test('two names of one database are refused', async () => {
    const error = await refusal(parse({ shards: [a, edge, b] }));
    expect(error).toMatchObject({
      code: 'shards_duplicate',
      exitCode: 2,
      message: 'a and b reach the same database: postgres://other@127.0.0.1:5432/shop',
    });
    expect(error.details.faults).toHaveLength(1);
  });

  test('two schemas of one are not', async () => {
    const shards = [
      { ...a, schema: 't1' },
      { ...b, schema: 't2' },
    ];
    expect((await parse({ shards })).shards).toHaveLength(2);
  });
});

describe('F156 TLS', () => {
  const tlsOf = async (shard: object, root = '/base') =>
    (await parse({ shards: [{ name: 'a', ...shard }] }, { root })).shards[0]!.tls;

  test.each([
    [{ url: 'postgres://db1/d' }, 'verify'],
    [{ url: 'mysql://10.0.0.1/d' }, 'verify'],
    [{ url: 'postgres://localhost/d' }, 'off'],
    [{ url: 'mysql://127.0.0.9/d' }, 'off'],
    [{ url: 'postgres:///d?host=/run/postgresql' }, 'off'],
    [{ url: 'mysql:///d?socket=/run/mysqld.sock' }, 'off'],
    [{ url: 'sqlite:x.db', tls: 'verify' }, 'off'],
    [{ url: 'postgres://localhost/d?sslmode=require' }, 'verify'],
    [{ url: 'postgres://db1/d?sslmode=no-verify' }, 'no-verify'],
    [{ url: 'postgres://db1/d', tls: 'off' }, 'off'],
    [{ url: 'postgres://db1/d?sslmode=disable', tls: 'off' }, 'off'],
    [{ url: 'postgres://db1/d?sslmode=disable', tls: 'verify' }, 'verify'],
    [{ url: 'postgres://db1/d', tls: 'no-verify' }, 'no-verify'],
    [{ url: 'postgres://db1/d', tls: {} }, 'verify'],
    [{ url: 'postgres://db1/d', tls: { verify: false } }, 'no-verify'],
    [{ url: 'postgres://localhost/d', replicas: ['postgres://db2/d'] }, 'verify'],
    [{ url: 'postgres://localhost/d', directUrl: 'postgres://db2/d?sslmode=no-verify' }, 'no-verify'],
  ])('%j is %s', async (shard, mode) => {
    expect((await tlsOf(shard)).mode).toBe(mode);
  });

  test('a remote URL that switches it off is refused with exit 12', async () => {
    const shards = [
      edge,
      { name: 'a', url: 'postgres://app:geheim@db1/d?sslmode=disable' },
      { name: 'b', url: 'mysql://app:geheim@db2/d', replicas: ['mysql://app:geheim@db3/d?ssl=0'] },
    ];
    const error = await refusal(parse({ shards }));
    expect(error.code).toBe('tls_required');
    expect(error.exitCode).toBe(12);
    expect(error.message).toBe('refused: a, b would be reached over the network without TLS');
    expect(error.details.faults?.map(({ path }) => path)).toEqual(['shards[1].url', 'shards[2].url']);
  });

  test('also a --url', async () => {
    const error = await refusal(
      parse({}, { url: { path: '--url', text: 'mysql://db1/d?ssl-mode=DISABLED' } }),
    );
    expect(error.message).toBe('refused: default would be reached over the network without TLS');
    expect(error.details).toMatchObject({ shard: 'default', faults: [{ path: '--url' }] });
  });

  test('files and PEM text; the private key is not enumerable', async () => {
    const pem = (what: string) => `-----BEGIN ${what}-----\nAA==\n-----END ${what}-----\n`;
    const root = folderWith({
      'certs/ca.pem': pem('CERTIFICATE'),
      'certs/key.pem': pem('PRIVATE KEY'),
      'no.pem': 'x',
    });
    const tls = {
      ca: 'certs/ca.pem',
      cert: pem('CERTIFICATE'),
      key: 'certs/key.pem',
      servername: 'db.internal',
    };
    const options = await tlsOf({ url: 'postgres://db1/d', tls }, root);
    expect({ ...options }).toEqual({
      mode: 'verify',
      ca: pem('CERTIFICATE'),
      cert: pem('CERTIFICATE'),
      servername: 'db.internal',
    });
    expect(options.key).toBe(pem('PRIVATE KEY'));
    const shards = [{ name: 'a', url: 'postgres://db1/d', tls: { ca: 'no.pem' } }];
    expect(await faultsOf({ shards }, { root })).toEqual([
      'shards[0].tls.ca: names a file that holds no PEM text',
    ]);
  });
});

test('shards from a function', async () => {
  const config = await parse({ shards: async () => [edge], waves: [{ name: 'w', shards: ['edge'] }] });
  expect(config.shards.map(({ name }) => name)).toEqual(['edge']);
});

test('the function is not called when there are faults', async () => {
  let called = false;
  const shards = () => {
    called = true;
    return [edge];
  };
  expect(await faultsOf({ concurency: 1, shards })).toEqual([
    'concurency: unknown key; did you mean concurrency?',
  ]);
  expect(called).toBe(false);
});

test('a URL in place of shards and waves', async () => {
  const raw = {
    table: 'history',
    shards: [{ name: 'a', url: { env: 'UNSET' } }],
    waves: [{ name: 'w', shards: ['a'] }],
  };
  const config = await parse(raw, { url: { path: '--url', text: 'sqlite:x.db' } });
  expect(config).toMatchObject({ table: 'history', waves: [], shards: [{ name: 'default' }] });
  expect(await faultsOf(raw, { url: { path: '--url', text: 'sqlite:' } })).toEqual([
    '--url: names no file: sqlite:PATH',
  ]);
});
