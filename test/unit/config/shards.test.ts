import { describe, expect, test } from 'vitest';
import { faultsOf, folderWith, parse, refusal } from './support.js';

const edge = { name: 'edge', url: 'sqlite:data/edge.db' };

describe('F145 twins', () => {
  const a = { name: 'a', url: 'postgres://app@localhost/shop' };
  const b = { name: 'b', url: 'postgres://other@127.0.0.1:5432/shop' };

  test('two names of one database are refused', async () => {
    const error = await refusal(parse({ shards: [a, edge, b] }));
    expect(error).toMatchObject({
      code: 'shards_duplicate',
      exitCode: 2,
      message: 'shards[2]: a and b reach the same database: postgres://other@127.0.0.1:5432/shop',
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
