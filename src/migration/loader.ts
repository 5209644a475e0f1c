import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Jiti } from 'jiti';
import { DbpatError } from '../errors.js';
import type { ErrorPlace } from './migration.js';
import { type Place, placeOf } from './stack.js';

export interface ImportOptions {
  /** The file's text where it has been read and checked already; Node's own loader reads it again. */
  readonly source?: string;
  readonly timeoutMs?: number;
}

type Namespace = Record<string, unknown>;

const IMPORT_TIMEOUT_MS = 30_000;
const TRANSFORM_ERROR = 'exports.__JITI_ERROR__ = ';
/** By path and text, so that an edited file is evaluated again and an unchanged one never twice. */
const modules = new Map<string, Promise<Namespace>>();
const nativePaths = new Set<string>();
const instances = new Map<string, Promise<Jiti>>();
const missingByFolder = new Map<string, readonly string[]>();

/**
 * The exports of a `.ts`, `.mts`, `.cts`, `.js`, `.mjs` or `.cjs` file; `root` is the project's folder. A default
 * object that holds `up` or a phase stands for the module. Runs the file's top level, once; needs no build step.
 * @throws DbpatError `migrations_invalid` with file and, when known, line and column
 */
export async function importModule(
  path: string,
  root: string,
  options: ImportOptions = {},
): Promise<Namespace> {
  const native = isNative(path, missingFrom(dirname(path)));
  let source = options.source ?? '';
  try {
    if (options.source === undefined) source = readFileSync(path, 'utf8');
    const key = `${path}\0${createHash('sha256').update(source).digest('hex')}`;
    let loading = modules.get(key);
    if (loading === undefined) {
      loading = native ? importNative(path, key) : importWithJiti(path, source, root);
      modules.set(key, loading);
      loading.catch(() => modules.delete(key));
    }
    return unwrap(await settled(loading, options.timeoutMs ?? IMPORT_TIMEOUT_MS));
  } catch (thrown) {
    throw await importError(thrown, path, source, root, native);
  }
}

/**
 * Files of dbpat's own copies by the name under which a project imports them, for projects that have not installed them.
 * Only what exists is listed.
 */
export function ownPackages(): Readonly<Record<string, string>> {
  const packages: Record<string, string> = {};
  for (const [name, file] of [
    ['dbpat', 'index'],
    ['dbpat/operations', 'operations'],
  ] as const) {
    const candidates = [`./${file}.js`, `../${file}.js`, `../${file}.ts`];
    const found = candidates
      .map((candidate) => fileURLToPath(new URL(candidate, import.meta.url)))
      .find((candidate) => existsSync(candidate));
    if (found !== undefined) packages[name] = found;
  }
  const kysely = ownKysely();
  if (kysely !== undefined) {
    packages.kysely = kysely;
    for (const dialect of ['postgres', 'mysql', 'sqlite', 'mssql']) {
      packages[`kysely/helpers/${dialect}`] = join(dirname(kysely), 'helpers', `${dialect}.js`);
    }
  }
  return packages;
}

/** The ES module build, so that a migration and dbpat share one instance. */
function ownKysely(): string | undefined {
  try {
    const required = createRequire(import.meta.url).resolve('kysely');
    const esm = required.replace(`${sep}cjs${sep}`, `${sep}esm${sep}`);
    return existsSync(esm) ? esm : required;
  } catch {
    return undefined;
  }
}

/** Which of `kysely` and `dbpat` cannot be resolved from a folder. */
function missingFrom(folder: string): readonly string[] {
  let missing = missingByFolder.get(folder);
  if (missing === undefined) {
    const { resolve } = createRequire(join(folder, 'from.js'));
    missing = ['kysely', 'dbpat'].filter((name) => {
      try {
        resolve(name);
        return false;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
      }
    });
    missingByFolder.set(folder, missing);
  }
  return missing;
}

/**
 * Node's own loader only where it cannot misjudge the syntax and finds every package. It is never tried first and
 * another one after it: what ran before the failure would run twice.
 */
function isNative(path: string, missing: readonly string[]): boolean {
  if (missing.length > 0) return false;
  const extension = extname(path);
  if (extension === '.mjs' || extension === '.cjs') return true;
  return extension === '.js' && isModuleFolder(dirname(path));
}

function isModuleFolder(folder: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: unknown };
    return manifest.type === 'module';
  } catch {
    const parent = dirname(folder);
    return parent !== folder && isModuleFolder(parent);
  }
}

async function importNative(path: string, key: string): Promise<Namespace> {
  const { href } = pathToFileURL(path);
  const again = nativePaths.has(path);
  nativePaths.add(path);
  if (again && extname(path) === '.cjs') delete createRequire(path).cache[path];
  return (await import(again ? `${href}?${key.slice(-16)}` : href)) as Namespace;
}

/** Always transforms: jiti on its own would try Node first and, after a failure, evaluate the file a second time. */
async function importWithJiti(path: string, source: string, root: string): Promise<Namespace> {
  const jiti = await jitiOf(root, missingFrom(dirname(path)));
  const evaluated = await jiti.evalModule(source, {
    id: path,
    filename: path,
    ext: extname(path),
    async: true,
    forceTranspile: true,
  });
  return evaluated as Namespace;
}

function jitiOf(root: string, missing: readonly string[]): Promise<Jiti> {
  const key = `${root}\0${missing.join()}`;
  let instance = instances.get(key);
  if (instance === undefined) {
    instance = createInstance(root, missing);
    instances.set(key, instance);
  }
  return instance;
}

async function createInstance(root: string, missing: readonly string[]): Promise<Jiti> {
  const { createJiti } = await import('jiti');
  const alias = Object.fromEntries(
    Object.entries(ownPackages()).filter(([name]) =>
      missing.some((absent) => name === absent || name.startsWith(`${absent}/`)),
    ),
  );
  return createJiti(join(root, 'dbpat.config.ts'), {
    alias,
    nativeModules: ['kysely', 'dbpat'],
    tsconfigPaths: true,
    fsCache: cacheFolder(root),
  });
}

/**
 * A module's code without comments and layout, and without types when they are `typed`: equal for two texts only when
 * they do the same. Undefined for a text that does not parse; JavaScript must not be read as typed, where `a<b>(c)` is
 * something else.
 */
export async function transformSource(source: string, typed: boolean): Promise<string | undefined> {
  const { createJiti } = await import('jiti');
  const code = createJiti(import.meta.url, { fsCache: false }).transform({
    source,
    ts: typed,
    async: true,
    retainLines: false,
    babel: { comments: false, minified: true },
  });
  return code.startsWith(TRANSFORM_ERROR) ? undefined : code;
}

/** Where transformed files are kept; false where another user of the machine could have put code. */
function cacheFolder(root: string): string | false {
  const modules = join(root, 'node_modules');
  if (existsSync(modules)) return join(modules, '.cache', 'dbpat');
  const uid = process.getuid?.();
  const folder = join(tmpdir(), `dbpat-cache-${uid ?? 'user'}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = lstatSync(folder);
    const own = uid === undefined || (stat.uid === uid && (stat.mode & 0o022) === 0);
    return stat.isDirectory() && own ? folder : false;
  } catch {
    return false;
  }
}

function unwrap(namespace: Namespace): Namespace {
  if (typeof namespace.up === 'function') return namespace;
  const inner = namespace.default;
  if (typeof inner !== 'object' || inner === null) return namespace;
  const object = inner as Namespace;
  if (['up', 'expand', 'backfill', 'switch', 'contract'].some((name) => name in object)) return object;
  return object.__esModule === true && object.default !== undefined ? unwrap(object) : namespace;
}

async function settled<T>(loading: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`its import did not end within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function importError(
  thrown: unknown,
  path: string,
  source: string,
  root: string,
  native: boolean,
): Promise<DbpatError> {
  const display = displayPath(path, root);
  if (thrown instanceof DbpatError) return thrown.with({ file: display });
  const message = thrown instanceof Error ? thrown.message.split('\n')[0]!.trim() : String(thrown);
  const kind =
    thrown instanceof SyntaxError || message.startsWith('ParseError: ') ? 'SyntaxError: ' : nameOf(thrown);
  const place =
    placeOf(thrown, path, root, native) ??
    (thrown instanceof SyntaxError ? await placeInSource(path, source, root) : undefined);
  return new DbpatError(
    'migrations_invalid',
    `cannot load ${display}: ${kind}${message.replace(/^ParseError: /, '')}`,
    {
      file: place === undefined ? display : displayPath(place.path, root),
      line: place?.line,
      column: place?.column,
      cause: thrown,
    },
  );
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error && thrown.name !== 'Error' ? `${thrown.name}: ` : '';
}

/** Node does not say where the syntax error of an ES module is; the transform does. */
async function placeInSource(path: string, source: string, root: string): Promise<Place | undefined> {
  const jiti = await jitiOf(root, missingFrom(dirname(path)));
  const code = jiti.transform({ source, filename: path, async: true });
  if (!code.startsWith(TRANSFORM_ERROR)) return undefined;
  const { line, column } = JSON.parse(code.slice(TRANSFORM_ERROR.length)) as { line: number; column: number };
  return { path, line, column: column + 1 };
}

/** Where an error of a loaded module comes from: the module itself or a file of the project that it called. */
export function placeInProject(thrown: unknown, path: string, root: string): ErrorPlace | undefined {
  const place = placeOf(thrown, path, root, isNative(path, missingFrom(dirname(path))));
  return place && { file: displayPath(place.path, root), line: place.line, column: place.column };
}

/** A path for people: relative to the project's folder where it lies inside, with forward slashes. */
export function displayPath(path: string, root: string): string {
  const short = relative(root, path);
  return (short.startsWith('..') ? path : short).replaceAll('\\', '/');
}
