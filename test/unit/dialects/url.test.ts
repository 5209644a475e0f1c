import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseMysqlUrl } from '../../../src/dialects/mysql/url.js';
import { parsePostgresUrl } from '../../../src/dialects/postgres/url.js';
import { parseSqliteUrl } from '../../../src/dialects/sqlite/url.js';
import { nearest } from '../../../src/dialects/url.js';
import { DbpatError } from '../../../src/errors.js';

type Parse = typeof parsePostgresUrl;

function fault(parse: Parse, url: string, baseDir = '/base'): string {
  try {
    parse(url, baseDir);
  } catch (error) {
    expect(error).toBeInstanceOf(DbpatError);
    expect((error as DbpatError).code).toBe('config_invalid');
    expect((error as DbpatError).cause).toBeUndefined();
    return (error as DbpatError).message;
  }
  throw new Error('accepted');
}

describe('postgres', () => {
  test('all parts', () => {
    const target = parsePostgresUrl('postgres://app:p%40ss@Db1:6432/shop?sslmode=verify-full', '/base');
    expect(target).toEqual({
      dialect: 'postgres',
      display: 'postgres://app@Db1:6432/shop',
      host: 'Db1',
      port: 6432,
      user: 'app',
      database: 'shop',
      identity: 'postgres:db1:6432/shop',
      server: 'postgres:db1:6432',
      remote: true,
      sslMode: 'verify',
      options: {},
    });
    expect(target.password).toBe('p@ss');
  });

  test('defaults', () => {
    expect(parsePostgresUrl('postgresql:///shop', '/base')).toEqual({
      dialect: 'postgres',
      display: 'postgresql://localhost:5432/shop',
      host: 'localhost',
      port: 5432,
      database: 'shop',
      identity: 'postgres:localhost:5432/shop',
      server: 'postgres:localhost:5432',
      remote: false,
      options: {},
    });
  });

  test.each([
    'postgres://a@/shop?host=/run/postgresql',
    'postgres://a@%2Frun%2Fpostgresql/shop',
    'postgres://a@:5432/shop?host=/run/postgresql/',
  ])('socket folder: %s', (url) => {
    const target = parsePostgresUrl(url, '/base');
    expect(target).toMatchObject({ host: '/run/postgresql', port: 5432, remote: false, database: 'shop' });
    expect(target.display).toBe('postgres://a@/shop?host=/run/postgresql');
  });

  test.each([
    ['disable', 'disable'],
    ['require', 'verify'],
    ['verify-ca', 'verify'],
    ['verify-full', 'verify'],
    ['no-verify', 'no-verify'],
  ])('sslmode=%s is %s', (mode, expected) => {
    expect(parsePostgresUrl(`postgres://h/d?sslmode=${mode}`, '/').sslMode).toBe(expected);
  });

  test('known parameters', () => {
    const url =
      'postgres://h/d?options=-c%20geqo%3Doff&application_name=shop&channel_binding=require&user=u&password=w&port=6000';
    const target = parsePostgresUrl(url, '/');
    expect(target.options).toEqual({
      options: '-c geqo=off',
      application_name: 'shop',
      channel_binding: 'require',
    });
    expect([target.user, target.password, target.port]).toEqual(['u', 'w', 6000]);
  });

  test.each([
    ['postgres://h/d?sslmode=prefer', /plain text/],
    ['postgres://h/d?sslmode=allow', /plain text/],
    ['postgres://h/d?sslmode=verify', /known are disable, require, verify-ca/],
    ['postgres://h/d?ssl=true&sslmode=require', /both/],
    ['postgres://h/d?sslmod=require', /did you mean sslmode\?/],
    ['postgres://h/d?zzz=1', /unknown parameter zzz; known are sslmode/],
    ['postgres://h/d?sslrootcert=x.pem', /tls: \{ ca: FILE \}/],
    ['postgres://h/d?constructor=1', /unknown parameter constructor/],
    ['postgres://h/d?schema=x', /`schema` of the shard/],
    ['postgres://h/d?a', /NAME=VALUE/],
    ['postgres://h/d?ssl=1&ssl=0', /twice/],
    ['postgres://h/d?channel_binding=maybe', /channel_binding/],
    ['postgres://h1,h2/d', /several hosts/],
    ['postgres://h1:1,h2:2/d', /several hosts/],
    ['postgres:///d?host=h1,h2', /several hosts/],
    ['postgres://h/d?host=/run', /host twice/],
    ['postgres://h', /names no database/],
    ['postgres://h/a/b', /%2F/],
    ['postgres://h:99999/d', /port/],
    ['postgres://h:0/d', /port/],
    ['postgres://::1/d', /brackets/],
    ['postgres://h_!/d', /neither a name nor an address/],
    ['postgres:h/d', /SCHEME:/],
    ['postgres://h/d ', /white space/],
    ['postgres://h/d%00', /NUL/],
  ])('%s is refused', (url, message) => {
    expect(fault(parsePostgresUrl, url)).toMatch(message);
  });
});

describe('mysql', () => {
  test('all parts', () => {
    const target = parseMysqlUrl(
      'mariadb://app:geheim@[2001:DB8:0:0::1]/shop?ssl-mode=REQUIRED&timezone=Z',
      '/',
    );
    expect(target).toEqual({
      dialect: 'mysql',
      display: 'mariadb://app@[2001:DB8:0:0::1]:3306/shop',
      host: '2001:DB8:0:0::1',
      port: 3306,
      user: 'app',
      database: 'shop',
      identity: 'mysql:2001:db8::1:3306/shop',
      server: 'mysql:2001:db8::1:3306',
      remote: true,
      sslMode: 'verify',
      options: { timezone: 'Z' },
    });
    expect(target.password).toBe('geheim');
  });

  test.each(['socket', 'socketPath'])('%s', (name) => {
    const target = parseMysqlUrl(`mysql://app@/shop?${name}=/run/mysqld/mysqld.sock`, '/');
    expect(target).toMatchObject({
      display: 'mysql://app@/shop?socket=/run/mysqld/mysqld.sock',
      remote: false,
      options: { socketPath: '/run/mysqld/mysqld.sock' },
    });
  });

  test.each([
    ['ssl-mode=DISABLED', 'disable'],
    ['ssl-mode=VERIFY_IDENTITY', 'verify'],
    ['sslmode=verify-ca', 'verify'],
    ['ssl=true', 'verify'],
    ['ssl=0', 'disable'],
    ['ssl={"rejectUnauthorized":true}', 'verify'],
    ['ssl=%7B%22rejectUnauthorized%22%3Afalse%7D', 'no-verify'],
  ])('%s is %s', (parameter, expected) => {
    expect(parseMysqlUrl(`mysql://h/d?${parameter}`, '/').sslMode).toBe(expected);
  });

  test('charset=utf8mb4 and a time zone', () => {
    expect(parseMysqlUrl('mysql://h/d?charset=UTF8MB4_GENERAL_CI&timezone=+02:00', '/').options).toEqual({
      timezone: '+02:00',
    });
  });

  test.each([
    ['mysql://h/d?ssl-mode=PREFERRED', /plain text/],
    ['mysql://h/d?ssl-mode=ON', /known are disabled/],
    ['mysql://h/d?ssl=1&sslmode=require', /both sslmode and ssl/],
    ['mysql://h/d?charset=latin1', /utf8mb4/],
    ['mysql://h/d?timezone=Mars', /timezone/],
    ['mysql://h/d?socket=run.sock', /absolute/],
    ['mysql://h:3306/d?socket=/run.sock', /socket and a port/],
    ['mysql://h/d?socket=/a&socketPath=/b', /both/],
    ['mysql://h/d?multipleStatements=true', /unknown parameter/],
    ['mysql://h/d?sokcet=/a', /did you mean socket\?/],
    ['mysql://h', /names no database/],
    ['mysql://a,b/d', /several hosts/],
  ])('%s is refused', (url, message) => {
    expect(fault(parseMysqlUrl, url)).toMatch(message);
  });
});

describe('sqlite', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dbpat-url-')));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['sqlite:data/x.db', '/base/data/x.db'],
    ['sqlite:./data/../x.db', '/base/x.db'],
    ['sqlite:/abs/x.db', '/abs/x.db'],
    ['sqlite:///abs/x.db', '/abs/x.db'],
    ['SQLite:a%20b%3F.db', '/base/a b?.db'],
    ['sqlite:a b@c.db', '/base/a b@c.db'],
  ])('%s is %s', (url, database) => {
    expect(parseSqliteUrl(url, '/base')).toEqual({
      dialect: 'sqlite',
      display: url.replace('SQLite', 'sqlite'),
      database,
      identity: `sqlite:${database}`,
      server: `sqlite:${database}`,
      remote: false,
      options: {},
    });
  });

  test.each([
    ['sqlite::memory:', /in memory/],
    ['sqlite://:memory:', /in memory/],
    ['sqlite:///:memory:', /in memory/],
    ['sqlite:', /no file/],
    ['sqlite://', /no file/],
    ['sqlite://data/x.db', /two slashes/],
    ['sqlite:x.db?mode=ro', /no parameters/],
    ['sqlite:x.db#y', /no parameters/],
    ['sqlite:data/', /folder/],
    ['sqlite:100%.db', /%25/],
    ['sqlite:a%00', /NUL/],
    ['sqlite:a%0ab', /control characters/],
  ])('%s is refused', (url, message) => {
    expect(fault(parseSqliteUrl, url)).toMatch(message);
  });

  test('F145 a symbolic link, also of a folder whose file does not exist yet, is the same database', () => {
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real/x.db'), '');
    symlinkSync('real/x.db', join(folder, 'link.db'));
    symlinkSync('real', join(folder, 'linked'));
    const identity = (url: string) => parseSqliteUrl(url, folder).identity;
    expect(identity('sqlite:link.db')).toBe(identity('sqlite:real/x.db'));
    expect(identity('sqlite:linked/new.db')).toBe(identity(`sqlite://${folder}/real/new.db`));
    expect(identity('sqlite:linked/new.db')).toBe(`sqlite:${folder}/real/new.db`);
  });
});

describe('F145 one database under several spellings', () => {
  test.each([
    'postgres://localhost/d',
    'postgres://other@LOCALHOST:5432/d?sslmode=disable',
    'postgresql://127.0.0.1/d',
    'postgres://127.1/d',
    'postgres://[::1]/d',
    'postgres://[0:0:0:0:0:0:0:1]:5432/d',
    'postgres://[::ffff:127.0.0.1]/d',
    'postgres://localhost./d',
    'postgres:///d',
  ])('%s', (url) => {
    expect(parsePostgresUrl(url, '/')).toMatchObject({
      identity: 'postgres:localhost:5432/d',
      remote: false,
    });
  });

  test('but not under different ports, databases or hosts', () => {
    const urls = ['postgres://h/d', 'postgres://h:1/d', 'postgres://h/e', 'postgres://i/d', 'postgres://h/D'];
    expect(new Set(urls.map((url) => parsePostgresUrl(url, '/').identity)).size).toBe(urls.length);
  });
});

describe('F154 no part of a password is shown', () => {
  const secret = 'c4n4ry';
  test.each([
    `postgres://app:${secret}@x@h/d`,
    `postgres://app:${secret}/x@h/d`,
    `postgres://app:12/${secret}@h/d`,
    `postgres://app:x#${secret}@h/d`,
    `postgres://app:12#${secret}@h/d`,
    `postgres://app:x?${secret}@h/d`,
    `postgres://app:x?${secret}=@h/d?sslmode=require`,
    `postgres://app:1?x=${secret}@h/d`,
    `postgres://app:${secret}%@h/d`,
    `postgres://app:${secret} x@h/d`,
    `postgres://app:${secret}`,
    `postgres://${secret}@`,
    `postgres://app:${secret}@h:x/d`,
    `postgres://app:${secret}@h`,
    `postgres://app:${secret}@h/d?password=${secret}`,
    `app:${secret}@h/d`,
  ])('%s', (url) => {
    const message = fault(parsePostgresUrl, url);
    expect(message).not.toContain(secret);
    expect(fault(parseMysqlUrl, url.replace('postgres', 'mysql'))).not.toContain(secret);
    if (/:[^@]*[#/?%@][^@]*@h/.test(url.slice(11))) expect(message).toMatch(/%40|%25/);
  });

  test('a password of any characters survives and is never shown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        fc.pre(!text.includes('\0') && !/\p{Surrogate}/u.test(text));
        const password = `${secret}${text}`;
        const encoded = encodeURIComponent(password);
        for (const target of [
          parsePostgresUrl(`postgres://app:${encoded}@db1/shop`, '/'),
          parseMysqlUrl(`mysql://app:${encoded}@db1/shop`, '/'),
        ]) {
          expect(target.password).toBe(password);
          expect(`${JSON.stringify(target)}${inspect(target)}${Object.values(target)}`).not.toContain(secret);
        }
      }),
    );
  });

  test('any text parses or is a config_invalid that does not hold it', () => {
    const schemes = fc.constantFrom('postgres://', 'mysql://', 'postgres:', 'sqlite:', '');
    const pieces = fc.array(
      fc.oneof(fc.constantFrom('@', ':', '/', '?', '#', '%', '=', '&', ',', '[', ']', secret), fc.string()),
    );
    fc.assert(
      fc.property(schemes, pieces, (scheme, parts) => {
        for (const parse of [parsePostgresUrl, parseMysqlUrl, parseSqliteUrl]) {
          const url = `${scheme}app:${secret}${parts.join('')}@h/d`;
          try {
            parse(url, '/base');
          } catch (error) {
            expect(error).toBeInstanceOf(DbpatError);
            expect(inspect(error).split('\n')[0]).not.toContain(secret);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([
  ['sahrds', 'shards'],
  ['shard', 'shards'],
  ['SHARDS', 'shards'],
  ['conc', 'concurrency'],
  ['zzzzzz', undefined],
  ['', undefined],
])('nearest of %s is %s', (word, expected) => {
  expect(nearest(word, ['shards', 'waves', 'concurrency'])).toBe(expected);
});
