import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LoadOptions, loadConfig } from '../../../src/config/load.js';
import { dialects } from '../../../src/dialects/index.js';
import { folderWith, refusal } from './support.js';

function load(cwd: string, options: Partial<LoadOptions> = {}) {
  return loadConfig({ cwd, env: {}, dialects, ...options });
}

const names = async (cwd: string, options: Partial<LoadOptions> = {}) =>
  (await load(cwd, options)).shards.map(({ name }) => name);

const object = "{ shards: [{ name: 'a', url: 'sqlite:a.db' }] }";

describe('forms', () => {
  test.each([
    ['dbpat.config.json', '{ "shards": [{ "name": "a", "url": "sqlite:a.db" }] }'],
    ['dbpat.config.json', '\uFEFF{ "shards": [{ "name": "a", "url": "sqlite:a.db" }] }'],
    ['dbpat.config.mjs', `export default ${object};`],
    ['dbpat.config.mjs', `export default Promise.resolve(${object});`],
    ['dbpat.config.mjs', `export default async () => (${object});`],
    ['dbpat.config.js', `export default ${object};`],
    ['dbpat.config.js', `module.exports = ${object};`],
    ['dbpat.config.cjs', `module.exports = ${object};`],
    ['dbpat.config.cjs', `exports.default = ${object};`],
    ['dbpat.config.ts', `const config: { shards: unknown[] } = ${object};\nexport default config;`],
    ['dbpat.config.mts', `export default ${object} satisfies object;`],
  ])('%s: %s', async (name, text) => {
    const cwd = folderWith({ [name]: text });
    expect(await load(cwd)).toMatchObject({
      root: cwd,
      file: join(cwd, name),
      migrations: join(cwd, 'migrations'),
      shards: [{ name: 'a', target: { database: join(cwd, 'a.db') } }],
    });
  });

  test('--config, and its folder is the root', async () => {
    const cwd = folderWith({
      'db/other.json': '{ "shards": [{ "name": "a", "url": "sqlite:a.db" }] }',
      'dbpat.config.json': 'broken',
    });
    const config = await load(cwd, { file: 'db/other.json' });
    expect(config.root).toBe(join(cwd, 'db'));
    expect(config.shards[0]!.target.database).toBe(join(cwd, 'db/a.db'));
  });

  test.each([
    ['nope.json', 'the config nope.json does not exist'],
    ['x.yaml', 'the config x.yaml is none of .ts, .mts, .js, .mjs, .cjs, .json'],
  ])('--config %s', async (file, message) => {
    const error = await refusal(load(folderWith({ 'x.yaml': '' }), { file }));
    expect(error).toMatchObject({ code: 'config_invalid', message });
  });

  test('two at once are refused by name', async () => {
    const cwd = folderWith({ 'dbpat.config.json': '{}', 'dbpat.config.mjs': '' });
    const error = await refusal(load(cwd));
    expect(error.code).toBe('config_invalid');
    expect(error.message).toBe('there is more than one config here: dbpat.config.mjs, dbpat.config.json');
  });

  test('F158 the folders above are not searched', async () => {
    const cwd = folderWith({ 'dbpat.config.json': '{}', 'app/x': '' });
    const error = await refusal(load(join(cwd, 'app')));
    expect(error).toMatchObject({ code: 'config_invalid', hint: 'dbpat init' });
  });
});

describe('modules that are wrong', () => {
  test.each([
    ['export const shards = [];', 'dbpat.config.mjs has no default export'],
    ['export default 7;', 'dbpat.config.mjs has 1 fault:\n  config: expected an object, found a number'],
    [
      'throw new Error("lost postgres://app:geheim@db1/x")',
      /dbpat\.config\.mjs: Error: lost postgres:\/\/…@db1\/x$|dbpat\.config\.mjs: lost postgres:\/\/…@db1\/x$/,
    ],
    ['export default () => { throw new Error("no luck") };', 'dbpat.config.mjs could not be loaded: no luck'],
    ['export default {', /dbpat\.config\.mjs/],
  ])('%s', async (text, message) => {
    const error = await refusal(load(folderWith({ 'dbpat.config.mjs': text })));
    expect(error.code).toBe('config_invalid');
    expect(error.details.file).toBe('dbpat.config.mjs');
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });

  test('F154 the URL inside the error of new URL() does not escape', async () => {
    const text = 'export default { shards: [new URL("postgres://app:geheim@db1:x/d")] };';
    const error = await refusal(load(folderWith({ 'dbpat.config.mjs': text })));
    expect(error.message).not.toContain('geheim');
    expect(error.cause).toBeUndefined();
  });
});

describe('no config', () => {
  test('DATABASE_URL makes a fleet of one', async () => {
    const cwd = folderWith();
    const config = await load(cwd, { env: { DATABASE_URL: 'sqlite:a.db' } });
    expect(config).toMatchObject({
      root: cwd,
      migrations: join(cwd, 'migrations'),
      shards: [{ name: 'default' }],
    });
    expect(config.file).toBeUndefined();
  });

  test('--url goes before it', async () => {
    const config = await load(folderWith(), { env: { DATABASE_URL: 'sqlite:a.db' }, url: 'sqlite:b.db' });
    expect(config.shards[0]!.target.display).toBe('sqlite:b.db');
  });

  test.each([
    [{ url: 'oracle:x' }, '--url: begins with no scheme that is known: '],
    [
      { env: { DATABASE_URL: 'postgres://app:geheim/x@h/d' } },
      'DATABASE_URL: holds an @ after the host: percent-encode ',
    ],
  ])('%j', async (options, message) => {
    const error = await refusal(load(folderWith(), options));
    expect(error.code).toBe('config_invalid');
    expect(error.message).toContain(`the config has 1 fault:\n  ${message}`);
    expect(error.message).not.toContain('geheim');
  });

  test.each([{}, { DATABASE_URL: '' }])('neither: %j', async (env) => {
    const error = await refusal(load(folderWith(), { env }));
    expect(error).toMatchObject({
      code: 'config_invalid',
      exitCode: 2,
      message: 'there is no dbpat.config.* here, and DATABASE_URL is not set',
      hint: 'dbpat init',
    });
  });
});

describe('a config and a URL', () => {
  const file = { 'dbpat.config.json': '{ "table": "h", "shards": [{ "name": "a", "url": "sqlite:a.db" }] }' };
  const bare = { 'dbpat.config.json': '{ "table": "h" }' };

  test('--url replaces the shards', async () => {
    const config = await load(folderWith(file), { url: 'sqlite:b.db' });
    expect(config).toMatchObject({
      table: 'h',
      shards: [{ name: 'default', target: { display: 'sqlite:b.db' } }],
    });
  });

  test('DATABASE_URL does not', async () => {
    expect(await names(folderWith(file), { env: { DATABASE_URL: 'sqlite:b.db' } })).toEqual(['a']);
  });

  test('but stands in where the config names no shards', async () => {
    expect(await names(folderWith(bare), { env: { DATABASE_URL: 'sqlite:b.db' } })).toEqual(['default']);
  });

  test('a chosen environment with shards goes before DATABASE_URL', async () => {
    const text = '{ "environments": { "p": { "shards": [{ "name": "p", "url": "sqlite:p.db" }] } } }';
    const env = { DATABASE_URL: 'sqlite:b.db' };
    const cwd = folderWith({ 'dbpat.config.json': text });
    expect(await names(cwd, { env, environment: 'p' })).toEqual(['p']);
    expect(await names(cwd, { env })).toEqual(['default']);
  });
});
