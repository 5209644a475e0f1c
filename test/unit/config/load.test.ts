// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are configs, in which dbpat reads the placeholders
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

describe('JSON', () => {
  const shard = (url: string, more = '') =>
    folderWith({
      'dbpat.config.json': `{ "shards": [{ "name": "a", "url": ${JSON.stringify(url)} }]${more} }`,
    });

  test.each([
    ['sqlite:${DIR}/a.db', { DIR: 'data' }, 'sqlite:data/a.db'],
    ['sqlite:${DIR:-other}/${FILE:-a}.db', {}, 'sqlite:other/a.db'],
    ['sqlite:${DIR:-other}/a.db', { DIR: '' }, 'sqlite:other/a.db'],
    ['sqlite:${DIR:-}a.db', {}, 'sqlite:a.db'],
    ['sqlite:${EMPTY}a.db', { EMPTY: '' }, 'sqlite:a.db'],
    ['sqlite:$${DIR}.db', { DIR: 'x' }, 'sqlite:${DIR}.db'],
    ['sqlite:${A}.db', { A: '${B}', B: 'no' }, 'sqlite:${B}.db'],
    ['sqlite:$a.db', {}, 'sqlite:$a.db'],
  ])('%s with %j', async (url, env, display) => {
    expect((await load(shard(url), { env })).shards[0]!.target.display).toBe(display);
  });

  test('what is not set is a fault at its place, beside all others', async () => {
    const cwd = shard(
      '${A}-${B:-x}',
      ', "onConnect": ["${C!}"], "perHost": 0, "environments": { "x": { "table": "${T}", "tabel": 1 } }',
    );
    const error = await refusal(load(cwd));
    expect(error.message).toBe(`dbpat.config.json has 4 faults:
  shards[0].url: the environment variable A is not set
  onConnect[0]: holds a placeholder without a proper name: NAME or NAME:-default stands between its braces
  perHost: expected a whole number from 1 to 10000, found a number
  environments.x.tabel: unknown key; did you mean table?`);
  });

  test('also in the chosen environment, and only there', async () => {
    const cwd = shard(
      'sqlite:a.db',
      ', "environments": { "x": { "table": "${T}" }, "y": { "table": "${U}" } }',
    );
    const error = await refusal(load(cwd, { environment: 'x' }));
    expect(error.message).toBe(
      'dbpat.config.json has 1 fault:\n  environments.x.table: the environment variable T is not set',
    );
    expect((await load(cwd, { environment: 'x', env: { T: 't' } })).table).toBe('t');
  });

  test.each([
    ['', '1:1: expected a value, found the end'],
    ['{\n  "a": 1,\n}', '3:1: expected a name after the comma: JSON has no trailing comma'],
    ['{ "a": [1, ] }', '1:12: expected a value after the comma: JSON has no trailing comma'],
    ['{ // x\n}', '1:3: expected a name: JSON has no comments'],
    ['{ a: 1 }', '1:3: expected a name in "double quotes" or }'],
    ["{ 'a': 1 }", '1:3: expected a name in "double quotes" or }'],
    ['{ "a" 1 }', '1:7: expected : after a name'],
    ['{ "a": 1 "b": 2 }', '1:10: expected , or }'],
    ['[1 2]', '1:4: expected , or ]'],
    ['{ "a": geheim }', '1:8: expected a value'],
    ['{ "a": "geheim\n" }', '1:8: a text that does not end on its line, or holds a wrong \\ escape'],
    ['{ "a": "\\x" }', '1:8: a text that does not end on its line, or holds a wrong \\ escape'],
    ['{ "a": 01 }', '1:8: expected a value'],
    ['{} {}', '1:4: expected the end after the first value'],
    ['{ "a": {', '1:9: expected a name in "double quotes" or }, found the end'],
  ])('%j', async (text, place) => {
    const error = await refusal(load(folderWith({ 'dbpat.config.json': text })));
    expect(error.code).toBe('config_invalid');
    expect(error.message).toBe(`dbpat.config.json:${place}`);
    expect(`${error.details.line}:${error.details.column}`).toBe(place.split(': ')[0]);
  });

  test('F165 deep nesting', async () => {
    const deep = (n: number, end: string) => `{ "routing": ${'['.repeat(n)}${end} }`;
    const broken = await refusal(load(folderWith({ 'dbpat.config.json': deep(200_000, '') })));
    expect(broken.message).toContain('expected a value');
    const whole = await refusal(load(folderWith({ 'dbpat.config.json': deep(5000, ']'.repeat(5000)) })));
    expect(whole.message).toContain('is nested deeper than 64 levels');
    expect(whole.message.length).toBeLessThan(1000);
  });
});

describe('F158 --env-file', () => {
  const json = '{ "shards": [{ "name": "a", "url": "sqlite:${FILE}" }] }';

  test('.env is not read by itself', async () => {
    const cwd = folderWith({ 'dbpat.config.json': json, '.env': 'FILE=a.db' });
    expect((await refusal(load(cwd))).message).toContain('the environment variable FILE is not set');
  });

  test('it never overrides the environment, and modules see it', async () => {
    const cwd = folderWith({ 'dbpat.config.json': json, '.env': 'FILE=a.db\nOTHER=x\nUNSET=y\n' });
    const set: [string, string][] = [];
    const config = await load(cwd, {
      envFile: '.env',
      env: { FILE: 'b.db', OTHER: '', UNSET: undefined },
      setEnv: (name, value) => set.push([name, value]),
    });
    expect(config.shards[0]!.target.display).toBe('sqlite:b.db');
    expect(set).toEqual([['UNSET', 'y']]);
  });

  test('all forms of a line', async () => {
    const text = String.raw`# comment
PLAIN=a b # comment
export EXPORTED = x
EMPTY=
HASH=a#b
SINGLE='a "b" # \n ${'$'}{X}'
DOUBLE="a 'b'\n\"c\"\\ \$ # d"   # comment
MULTI="one
two"
  INDENTED=1
LAST=1
LAST=2`;
    const set = new Map<string, string>();
    const cwd = folderWith({ 'all.env': `\uFEFF${text.replace('INDENTED=1\n', 'INDENTED=1\r\n')}` });
    await load(cwd, {
      envFile: 'all.env',
      url: 'sqlite:a.db',
      setEnv: (name, value) => set.set(name, value),
    });
    expect(Object.fromEntries(set)).toEqual({
      PLAIN: 'a b',
      EXPORTED: 'x',
      EMPTY: '',
      HASH: 'a#b',
      SINGLE: 'a "b" # \\n ${X}',
      DOUBLE: 'a \'b\'\n"c"\\ \\$ # d',
      MULTI: 'one\ntwo',
      INDENTED: '1',
      LAST: '2',
    });
  });

  test('DATABASE_URL may come from it', async () => {
    const cwd = folderWith({ 'x.env': 'DATABASE_URL=sqlite:a.db' });
    expect(await names(cwd, { envFile: 'x.env' })).toEqual(['default']);
  });

  test('lines that are wrong are named without their text', async () => {
    const cwd = folderWith({ 'x.env': 'A=1\ngeheim\nB="geheim\nC=geheim\n' });
    const error = await refusal(load(cwd, { envFile: 'x.env' }));
    expect(error.message).toBe(`the --env-file x.env cannot be read:
  line 2: is not NAME=VALUE
  line 3: has a quote that does not end, or text after it`);
  });

  test('F165 long lines', async () => {
    const long = `A=${' \t'.repeat(200_000)}x${' '.repeat(200_000)}\n${'B'.repeat(200_000)}\nC="${'x'.repeat(200_000)}`;
    const started = performance.now();
    const error = await refusal(load(folderWith({ 'x.env': long }), { envFile: 'x.env' }));
    expect(error.details.faults?.map(({ path }) => path)).toEqual(['line 2', 'line 3']);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('a missing one is an error', async () => {
    const error = await refusal(load(folderWith(), { envFile: 'x.env' }));
    expect(error).toMatchObject({ code: 'config_invalid', message: 'the --env-file x.env does not exist' });
  });
});
