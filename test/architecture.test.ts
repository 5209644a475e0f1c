import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { dialects } from '../src/dialects/index.js';

const src = fileURLToPath(new URL('../src', import.meta.url));

interface Source {
  /** Relative to src, with forward slashes. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    const found = text.matchAll(
      /(?:^|\n)(?:import|export)\b[^;'"]*?['"]([^'"\n]+)['"]|import\(\s*['"]([^'"]+)['"]/g,
    );
    const imports = [...found].map((match) => (match[1] ?? match[2])!);
    return { file, text, imports };
  });

/** From the lowest room to the highest; rooms of one row do not import each other. */
const floors = [
  ['errors.ts', 'events.ts', 'failpoint.ts'],
  ['sql'],
  ['dialects'],
  ['migration'],
  ['config', 'ledger', 'catalog'],
  ['phases', 'operations', 'lint'],
  ['plan'],
  ['run'],
  ['cli', 'index.ts'],
];

function room(file: string): string {
  return file.split('/')[0]!;
}

function floor(file: string): number {
  const index = floors.findIndex((rooms) => rooms.includes(room(file)));
  if (index === -1) throw new Error(`src/${file} stands in no room`);
  return index;
}

function target(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(src, resolve(src, dirname(source.file), specifier)).replace(/\.js$/, '.ts');
}

it('imports go down only', () => {
  const wrong = sources.flatMap((source) =>
    source.imports.flatMap((specifier) => {
      const to = target(source, specifier);
      if (to === undefined || room(to) === room(source.file)) return [];
      const allowed =
        floor(to) < floor(source.file) ||
        (['errors.ts', 'events.ts'].includes(to) && floor(source.file) === 0) ||
        // The shapes of files and statements name the database they are for.
        (to === 'dialects/dialect.ts' && source.text.includes(`import type`) && floor(source.file) >= 2) ||
        (source.file === 'cli/host.ts' && to === 'index.ts');
      return allowed ? [] : [`${source.file} -> ${to}`];
    }),
  );
  expect(wrong).toEqual([]);
});

it('there are no cycles between rooms or files', () => {
  const graph = new Map(
    sources.map((source) => {
      const text = source.text.replace(/import type [^;]*;/g, '');
      return [
        source.file,
        source.imports.flatMap((s) => (text.includes(`'${s}'`) ? (target(source, s) ?? []) : [])),
      ];
    }),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

it.each<[string, (file: string) => boolean]>([
  ['commander', (file) => file.startsWith('cli/')],
  ['chalk', (file) => file.startsWith('cli/')],
  ['ora', (file) => file.startsWith('cli/')],
  ['diff', (file) => file.startsWith('cli/') || file === 'run/edits.ts'],
  ['pg', (file) => file.startsWith('dialects/postgres/')],
  ['mysql2', (file) => file.startsWith('dialects/mysql/')],
  ['better-sqlite3', (file) => file.startsWith('dialects/sqlite/')],
  ['jiti', (file) => file === 'migration/loader.ts'],
])('the package %s is imported only where it belongs', (name, allowed) => {
  const users = sources.filter((source) => source.imports.includes(name)).map((source) => source.file);
  expect(users.filter((file) => !allowed(file))).toEqual([]);
});

it('only the command line touches console, the environment and the exit', () => {
  const wrong = sources.filter(
    ({ file, text }) =>
      !file.startsWith('cli/') &&
      /\bconsole\.|\bprocess\.(env|exit)\b/.test(text.replace(/^\s*(\*|\/\/).*$/gm, '')),
  );
  expect(wrong.map((source) => source.file)).toEqual([]);
});

it('no file is longer than 400 lines', () => {
  expect(
    sources.filter((source) => source.text.split('\n').length > 400).map((source) => source.file),
  ).toEqual([]);
});

it('outside its folder nobody asks for a dialect by name', () => {
  const asks = /(?:===|!==|case)\s*'(?:postgres|mysql|sqlite)'/;
  expect(
    sources.filter((s) => !s.file.startsWith('dialects/') && asks.test(s.text)).map((s) => s.file),
  ).toEqual([]);
});

it('the registry of dialects has no name, scheme or file tag twice', () => {
  for (const values of [
    dialects.map((d) => d.name),
    dialects.flatMap((d) => d.schemes),
    dialects.flatMap((d) => d.fileTags),
  ]) {
    expect(new Set(values).size).toBe(values.length);
  }
});
