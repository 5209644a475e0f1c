// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are configs, in which dbpat reads the placeholders
import { describe, expect, test } from 'vitest';
import { type LoadOptions, loadConfig } from '../../../src/config/load.js';
import { dialects } from '../../../src/dialects/index.js';
import { folderWith, refusal } from './support.js';

function load(cwd: string, options: Partial<LoadOptions> = {}) {
  return loadConfig({ cwd, env: {}, dialects, ...options });
}

const names = async (cwd: string, options: Partial<LoadOptions> = {}) =>
  (await load(cwd, options)).shards.map(({ name }) => name);

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
