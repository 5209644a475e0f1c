import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.js';
import { parseConfig } from '../../../src/config/parse.js';
import { dialects } from '../../../src/dialects/index.js';
import { DbpatError } from '../../../src/errors.js';

const canary = 'c4n4ryW0rd';

/** Everything that could be printed of an outcome. */
async function outcome(raw: unknown, env: Readonly<Record<string, string>> = {}): Promise<string> {
  let config: Config;
  try {
    config = await parseConfig(raw, { root: '/base', env, dialects });
  } catch (error) {
    if (!(error instanceof DbpatError)) throw error;
    expect(['config_invalid', 'shards_duplicate', 'tls_required']).toContain(error.code);
    return `${error.message}${error.hint}${JSON.stringify(error.details)}${inspect(error)}`;
  }
  const targets = config.shards.flatMap(({ target, directTarget, replicas }) => [
    target,
    directTarget,
    ...replicas,
  ]);
  return (
    inspect({ targets, tls: config.shards.map(({ tls }) => tls) }, { depth: 9 }) + JSON.stringify(targets)
  );
}

const keys = fc.constantFrom(
  'shards',
  'waves',
  'table',
  'migrations',
  'lock',
  'timeouts',
  'environments',
  'hooks',
  'lint',
  'routing',
  'backfill',
  'contract',
  'retry',
  'onConnect',
  'concurrency',
  'perHost',
  'outOfOrder',
  'name',
  'url',
  'env',
  'tls',
  'labels',
  'replicas',
  'group',
  'rules',
  'wait',
  'mode',
  '__proto__',
  'constructor',
  'toString',
  '',
);

const { junk } = fc.letrec((tie) => ({
  junk: fc.oneof(
    { depthSize: 'small' },
    fc.anything(),
    fc.constantFrom('postgres://h/d', 'sqlite:x.db', '10s', 'auto', '*', '25%', 0, 1),
    fc.array(tie('junk'), { maxLength: 4 }),
    fc.dictionary(keys, tie('junk'), { maxKeys: 6 }),
  ),
}));

test('F152 any value is a config or a DbpatError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(junk, fc.dictionary(keys, junk, { maxKeys: 8 })), async (raw) => {
      await outcome(raw);
    }),
    { numRuns: 1500 },
  );
});

const secretText = fc
  .array(
    fc.oneof(fc.constantFrom('@', '/', '#', '?', '%', ':', ' ', '"', '\n', '='), fc.string({ maxLength: 3 })),
    {
      maxLength: 4,
    },
  )
  .map((pieces) => `${pieces.join('')}${canary}${pieces.toReversed().join('')}`);

const secretUrl = fc
  .tuple(
    fc.constantFrom('postgres', 'mysql', 'mariadb', 'oracle', 'sqlite'),
    secretText,
    fc.boolean(),
    fc.constantFrom('h', 'localhost', 'h:x', 'h,i', ''),
  )
  .map(([scheme, secret, encoded, host]) => {
    const password = encoded && !/\p{Surrogate}/u.test(secret) ? encodeURIComponent(secret) : secret;
    return `${scheme}://app:${password}@${host}/d`;
  })
  .filter((url) => !url.startsWith('sqlite:'));

const places: readonly ((secret: string) => unknown)[] = [
  (url) => ({ shards: [{ name: 'a', url }] }),
  (url) => ({ shards: [{ name: 'a', url: { env: 'URL' }, directUrl: url }] }),
  (url) => ({ shards: [{ name: 'a', url: 'postgres://h/d', replicas: [url, url] }] }),
  (url) => ({
    shards: [
      { name: 'a', url },
      { name: 'b', url },
    ],
  }),
  (url) => ({ shards: () => [{ name: 'a', url, tls: 'off' }] }),
  (url) => ({ shards: { url, query: 'delete' } }),
  (url) => ({ environments: { p: { shards: [{ name: 'a', url }] } } }),
  (url) => ({
    migrations: url,
    table: url,
    concurrency: url,
    outOfOrder: url,
    onConnect: url,
    lint: { rules: { x: url } },
  }),
  (url) => ({
    timeouts: { connect: url },
    lock: { mode: url, wait: url },
    backfill: { duty: url },
    hooks: { afterRun: url },
  }),
  (url) => ({
    waves: [{ name: url, shards: [7], maxFailures: url, pause: url, onFailure: url }],
    routing: { strategy: url, key: 1 },
  }),
  (url) => ({ shards: [{ name: url, url: 7, protected: url, labels: url, tls: url }] }),
  (url) => ({
    shards: [{ name: 'a', url: 'mysql://h/d', tls: { ca: url, cert: url, key: url, verify: url } }],
  }),
  (url) => ({ shards: url, waves: url, environments: url, hooks: url, routing: url }),
];

test('F154 a password planted anywhere is in no message and in no printed target', async () => {
  await fc.assert(
    fc.asyncProperty(secretUrl, fc.constantFrom(...places), async (url, place) => {
      expect(await outcome(place(url), { URL: url })).not.toContain(canary);
    }),
    { numRuns: 1500 },
  );
});

test('F154 in the right place it arrives', async () => {
  const config = await parseConfig(
    { shards: [{ name: 'a', url: `postgres://app:${canary}@h/d` }] },
    { root: '/base', env: {}, dialects },
  );
  expect(config.shards[0]!.target.password).toBe(canary);
  expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain(canary);
});
