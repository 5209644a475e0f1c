// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are configs, in which dbpat reads the placeholders
import { describe, expect, test } from 'vitest';
import { type LoadOptions, loadConfig } from '../../../src/config/load.js';
import { dialects } from '../../../src/dialects/index.js';
import { folderWith, refusal } from './support.js';

function load(cwd: string, options: Partial<LoadOptions> = {}) {
  return loadConfig({ cwd, env: {}, dialects, ...options });
}

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
