import type { Dialect, DialectName } from '../dialects/dialect.js';
import type { MigrationFile } from './migration.js';
import { type ParsedName, parseName } from './version.js';

/** What a file's name says, before anything is opened. */
export interface NamedFile extends ParsedName {
  /** VERSION_description as written. */
  readonly name: string;
  readonly form: 'sql' | 'module';
  readonly role: MigrationFile['role'];
  readonly dialect?: DialectName;
}

export interface FolderFile {
  readonly role: 'up' | 'down' | 'metadata';
  readonly dialect?: DialectName;
}

const ignored = /^[._]|\.(?:md|map|lock)$|\.d\.[mc]?ts$/;
const moduleName = /\.(?:[mc]?js|m?ts)$/;

/** Names that are never migrations. */
export function isIgnored(name: string): boolean {
  return ignored.test(name);
}

/** Reads a name of the migrations folder; undefined when it fits no form. */
export function parseFileName(file: string, tags: ReadonlyMap<string, DialectName>): NamedFile | undefined {
  if (file.endsWith('.sql')) {
    const { rest, role, dialect } = splitTags(file.slice(0, -'.sql'.length), tags);
    const parsed = parseName(rest);
    if (parsed === undefined) return undefined;
    return { ...parsed, name: rest, form: 'sql', role: role ?? 'both', ...(dialect ? { dialect } : {}) };
  }
  const extension = moduleName.exec(file);
  if (extension === null) return undefined;
  const name = file.slice(0, extension.index);
  const parsed = parseName(name);
  return parsed === undefined ? undefined : { ...parsed, name, form: 'module', role: 'module' };
}

/** Reads a name inside a migration's own folder: `up.sql`, `down.mysql.sql`, `migration.sql`, `metadata.toml`. */
export function parseInnerName(file: string, tags: ReadonlyMap<string, DialectName>): FolderFile | undefined {
  if (file === 'metadata.toml') return { role: 'metadata' };
  if (!file.endsWith('.sql')) return undefined;
  const { rest, role, dialect } = splitTags(`.${file.slice(0, -'.sql'.length)}`, tags);
  const own = dialect === undefined ? {} : { dialect };
  if (rest === '.migration' && role === undefined) return { role: 'up', ...own };
  return rest === '' && role !== undefined ? { role, ...own } : undefined;
}

/** The words that stand for dialects in names. */
export function fileTags(dialects: readonly Dialect[]): ReadonlyMap<string, DialectName> {
  return new Map(dialects.flatMap((dialect) => dialect.fileTags.map((tag) => [tag, dialect.name] as const)));
}

/** Takes `.up` or `.down` and one dialect off the end, in either order. */
function splitTags(
  stem: string,
  tags: ReadonlyMap<string, DialectName>,
): { rest: string; role?: 'up' | 'down'; dialect?: DialectName } {
  let rest = stem;
  let role: 'up' | 'down' | undefined;
  let dialect: DialectName | undefined;
  for (;;) {
    const dot = rest.lastIndexOf('.');
    const word = dot === -1 ? '' : rest.slice(dot + 1);
    const tagged = tags.get(word);
    if (role === undefined && (word === 'up' || word === 'down')) role = word;
    else if (dialect === undefined && tagged !== undefined) dialect = tagged;
    else break;
    rest = rest.slice(0, dot);
  }
  return { rest, ...(role ? { role } : {}), ...(dialect ? { dialect } : {}) };
}

/** A name that is safe to print: everything but printable ASCII as `\u{…}`. */
export function escapeName(name: string): string {
  return name.replace(/[^\x20-\x7e]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}
