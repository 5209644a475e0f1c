import { describe, expect, test } from 'vitest';
import { dialects } from '../../../src/dialects/index.js';
import { faultsOf, parse } from './support.js';

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
    lock: { waitMs: 30_000, mode: 'auto', ttlMs: 20_000 },
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
    lock: { waitMs: 0, mode: 'lease', ttlMs: 20_000 },
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
      'environments: --env names one, and the config has none',
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
