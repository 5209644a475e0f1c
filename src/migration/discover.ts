import { type Dirent, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect, DialectName } from '../dialects/dialect.js';
import { DbpatError, type Fault } from '../errors.js';
import { checksumOf, compareFiles } from './checksum.js';
import { allowedRoots, entriesOf, kindOf } from './entries.js';
import { displayPath } from './loader.js';
import type { Migration, MigrationFile } from './migration.js';
import { escapeName, fileTags, isIgnored, parseFileName, parseInnerName } from './names.js';
import { normalise, sha256 } from './text.js';
import { compareVersions, parseName, versionKey } from './version.js';

export interface DiscoverOptions {
  /** The project's folder: that of the config. Links may not lead out of it. */
  readonly root: string;
  readonly dialects: readonly Dialect[];
}

interface FoundFile extends Pick<MigrationFile, 'path' | 'display' | 'role' | 'dialect'> {}

/** One migration's files by name; nothing is read yet. */
interface Found {
  /** What a message calls it. */
  readonly display: string;
  readonly version: string;
  readonly description: string;
  readonly name: string;
  readonly form: 'sql' | 'module';
  readonly files: FoundFile[];
}

interface Search {
  readonly tags: ReadonlyMap<string, DialectName>;
  /** Real paths under which links may end. */
  readonly allowed: readonly string[];
  /** By what makes files one migration: the common name of SQL files, the folder, the module. */
  readonly found: Map<string, Found>;
  readonly faults: Fault[];
}

/**
 * All migrations of a folder, sorted by version; empty for an empty folder. Reads every file once and keeps no text.
 * @throws DbpatError `migrations_invalid` with every fault
 */
export function loadMigrations(folder: string, options: DiscoverOptions): readonly Migration[] {
  const base = displayPath(folder, options.root);
  const entries = openFolder(folder, base);
  const search: Search = {
    tags: fileTags(options.dialects),
    allowed: allowedRoots(folder, options.root),
    found: new Map(),
    faults: [],
  };
  const prefix = base === '' ? '' : `${base}/`;
  for (const entry of entries) look(entry, folder, prefix, search);
  const complete = withoutTwins([...search.found.values()], search.faults);
  const migrations: Migration[] = [];
  for (const found of complete) {
    const migration = isComplete(found, search.faults) ? read(found, search.faults) : undefined;
    if (migration !== undefined) migrations.push(migration);
  }
  if (search.faults.length > 0) throw faultsError(search.faults);
  return migrations.sort((a, b) => compareVersions(a.version, b.version));
}

function openFolder(folder: string, display: string): Dirent[] {
  try {
    return entriesOf(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'ENOTDIR'
          ? 'is not a folder'
          : `cannot be read (${code})`;
    throw new DbpatError('migrations_invalid', `the migrations folder ${display} ${what}`, {
      file: display,
      cause: error,
      hint: code === 'ENOENT' ? 'dbpat init, or set `migrations` in the config' : undefined,
    });
  }
}

function look(entry: Dirent, folder: string, prefix: string, search: Search): void {
  if (isIgnored(entry.name)) return;
  const display = prefix + escapeName(entry.name);
  const path = join(folder, entry.name);
  const kind = kindOf(entry, path, search.allowed);
  if (kind.fault !== undefined) {
    search.faults.push({ path: display, message: kind.fault });
    return;
  }
  if (/[^\x20-\x7e]/.test(entry.name)) {
    search.faults.push({
      path: display,
      message: 'holds more than ASCII letters, digits, `_`, `-` and `.`',
    });
  } else if (kind.folder) {
    lookInside(entry.name, path, display, search);
  } else {
    const named = parseFileName(entry.name, search.tags);
    if (named === undefined) {
      search.faults.push({ path: display, message: misnamed(entry.name) });
      return;
    }
    const { version, description, name, form, role, dialect } = named;
    const key = form === 'sql' ? name : entry.name;
    const file = { path, display, role, ...(dialect === undefined ? {} : { dialect }) };
    const known = search.found.get(key);
    if (known === undefined)
      search.found.set(key, { display, version, description, name, form, files: [file] });
    else known.files.push(file);
  }
}

function misnamed(name: string): string {
  const parsed = /^[Vv]?\d/.test(name);
  if (!parsed)
    return 'is not VERSION_description with .sql, .ts, .mts, .js, .mjs or .cjs; `_` in front makes it ignored';
  return 'is not VERSION_description with .sql (.up.sql, .down.sql, a dialect in front), .ts, .mts, .js, .mjs or .cjs';
}

function lookInside(name: string, path: string, display: string, search: Search): void {
  let entries: Dirent[];
  try {
    entries = entriesOf(path).filter((entry) => !isIgnored(entry.name) && entry.name !== 'snapshot.json');
  } catch (error) {
    search.faults.push({
      path: display,
      message: `cannot be read (${(error as NodeJS.ErrnoException).code})`,
    });
    return;
  }
  const forms = entries.filter((entry) => parseInnerName(entry.name, search.tags) !== undefined);
  const parsed = parseName(name);
  if (forms.length === 0) {
    const nested = entries.filter(
      (entry) => parseFileName(entry.name, search.tags) !== undefined || (parsed && !entry.isDirectory()),
    );
    if (nested.length > 0) {
      const message = parsed
        ? 'holds neither up.sql nor migration.sql'
        : 'holds migrations, and folders are not searched; `_` in front makes it ignored';
      search.faults.push({ path: display, message });
    }
    return;
  }
  if (parsed === undefined) {
    search.faults.push({ path: display, message: 'is not VERSION_description' });
    return;
  }
  const files: FoundFile[] = [];
  for (const entry of entries) {
    const inner = parseInnerName(entry.name, search.tags);
    const place = `${display}/${escapeName(entry.name)}`;
    const kind = kindOf(entry, join(path, entry.name), search.allowed);
    if (kind.fault !== undefined) search.faults.push({ path: place, message: kind.fault });
    else if (kind.folder) continue;
    else if (inner === undefined) {
      search.faults.push({
        path: place,
        message: 'is not up.sql, down.sql, migration.sql (a dialect before .sql) or metadata.toml',
      });
    } else files.push({ path: join(path, entry.name), display: place, ...inner });
  }
  search.found.set(`${name}/`, { display: `${display}/`, ...parsed, name, form: 'sql', files });
}

/** Every version once; those that are there twice are faults that name all of their files. */
function withoutTwins(all: readonly Found[], faults: Fault[]): readonly Found[] {
  const byVersion = new Map<string, Found[]>();
  for (const found of all) {
    const key = versionKey(found.version);
    const same = byVersion.get(key);
    if (same === undefined) byVersion.set(key, [found]);
    else same.push(found);
  }
  if (byVersion.size === all.length) return all;
  return [...byVersion.values()].flatMap((same) => {
    if (same.length === 1) return same;
    const names = same.map((found) => (found.form === 'sql' ? found.files[0]!.display : found.display));
    faults.push({
      path: names[1]!,
      message: `has the version of ${names.filter((_, i) => i !== 1).join(' and ')} (${same[0]!.version}); one of them must go or get another version`,
    });
    return [];
  });
}

/** Whether each file is there once and each dialect that has a down has an up. */
function isComplete(found: Found, faults: Fault[]): boolean {
  if (found.form === 'module') return true;
  const before = faults.length;
  const ups = new Map<string, FoundFile>();
  const downs = new Map<string, FoundFile>();
  for (const file of found.files.sort(compareFiles)) {
    const dialect = file.dialect ?? '';
    for (const [role, seen] of [
      ['up', ups],
      ['down', downs],
    ] as const) {
      if (file.role !== role && file.role !== 'both') continue;
      const twin = seen.get(dialect);
      if (twin !== undefined && twin !== file) {
        faults.push({
          path: file.display,
          message: `has the same ${role} as ${twin.display}; one of them must go`,
        });
      }
      seen.set(dialect, file);
    }
  }
  for (const [dialect, file] of downs) {
    const paired = ups.has(dialect) || ups.has('') || (dialect === '' && ups.size > 0);
    if (!paired) faults.push({ path: file.display, message: 'has no up beside it' });
  }
  if (ups.size === 0 && downs.size === 0) faults.push({ path: found.display, message: 'has no up' });
  return faults.length === before;
}

const phasedSection = /^[ \t]*--[ \t]*migrate:(?:expand|backfill|switch|contract|verify)\b/m;
/** Whatever defines phases names one of them; it may name them without being one. */
const phasedModule = /phased|dbpat\/operations/i;

function read(found: Found, faults: Fault[]): Migration | undefined {
  const { version, description, name, form } = found;
  const files: MigrationFile[] = [];
  const contents: (FoundFile & { content: Buffer })[] = [];
  let kind: Migration['kind'] = 'plain';
  for (const file of found.files) {
    const text = readNormal(file.path);
    if (text.bytes === undefined) {
      faults.push({ path: file.display, message: text.fault });
      continue;
    }
    const content = text.bytes;
    if (mayBePhased(form, content)) kind = 'phased';
    files.push({ ...file, hash: sha256(content), bytes: content.length });
    contents.push({ ...file, content });
  }
  if (files.length < found.files.length) return undefined;
  return { version, description, name, kind, form, files, checksum: checksumOf(contents) };
}

function mayBePhased(form: Migration['form'], content: Buffer): boolean {
  if (form === 'module') return phasedModule.test(content.toString('latin1'));
  return content.includes('migrate:') && phasedSection.test(content.toString('latin1'));
}

function readNormal(path: string) {
  try {
    return normalise(readFileSync(path));
  } catch (error) {
    return { fault: `cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
}

function faultsError(faults: readonly Fault[]): DbpatError {
  const first = faults[0]!;
  const lines = faults.map(({ path, message }) => `${path} ${message}`);
  const message =
    faults.length === 1 ? lines[0]! : `${faults.length} faults in the migrations:\n  ${lines.join('\n  ')}`;
  return new DbpatError('migrations_invalid', message, { file: first.path, faults });
}
