import { DbpatError } from '../errors.js';
import type { DialectName, Target } from './dialect.js';

/** The parts of a server's URL, percent-decoded. */
export interface ServerUrl {
  readonly scheme: string;
  readonly user?: string;
  readonly password?: string;
  /** As written, without brackets; empty where the URL names none. */
  readonly host: string;
  readonly port?: number;
  readonly database: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** A fault of a URL. `message` must be made of fixed words: a URL that was split wrongly may hold a password anywhere. */
export function urlFault(message: string): DbpatError {
  return new DbpatError('config_invalid', message);
}

const percentEncode =
  'percent-encode the special characters of user and password (@ is %40, / is %2F, # is %23, ? is %3F, % is %25)';

/**
 * Splits `scheme://user:password@host:port/database?name=value`. Does not use `new URL`: its errors carry the whole
 * input (Node 20), and it takes a password with an unescaped `/` for a path.
 * @throws DbpatError `config_invalid`
 */
export function splitServerUrl(url: string): ServerUrl {
  if (/[\x00-\x20\x7f\p{Surrogate}]/u.test(url))
    throw urlFault('holds white space or control characters: percent-encode them');
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(#)?/i.exec(url);
  if (match === null) throw urlFault('is not of the form SCHEME://USER:PASSWORD@HOST:PORT/DATABASE');
  const [, scheme = '', authority = '', path = '', query = '', fragment] = match;
  const at = authority.indexOf('@');
  if (at !== authority.lastIndexOf('@')) throw urlFault(`holds more than one @: ${percentEncode}`);
  if (`${path}${query}`.includes('@')) throw urlFault(`holds an @ after the host: ${percentEncode}`);
  if (fragment !== undefined) throw urlFault(`holds a #: ${percentEncode}`);
  const info = at === -1 ? undefined : authority.slice(0, at);
  const colon = info?.indexOf(':') ?? -1;
  const user = info === undefined ? '' : decode(colon === -1 ? info : info.slice(0, colon), 'user');
  const password = info === undefined || colon === -1 ? '' : decode(info.slice(colon + 1), 'password');
  const { host, port } = splitHost(authority.slice(at + 1));
  const name = path.slice(1);
  if (name.includes('/'))
    throw urlFault('has more than one / after the host: write a / in the database name as %2F');
  return {
    scheme: scheme.toLowerCase(),
    ...(user === '' ? {} : { user }),
    ...(password === '' ? {} : { password }),
    host,
    ...(port === undefined ? {} : { port }),
    database: decode(name, 'database'),
    parameters: splitQuery(query),
  };
}

function splitHost(text: string): { readonly host: string; readonly port?: number } {
  if (text.includes(',')) throw urlFault('names several hosts: name one, and list the others as `replicas`');
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::([^:]*))?$/i.exec(text);
  if (match === null) throw urlFault('has a host that cannot be read: an IPv6 address stands in [brackets]');
  const host = decode(match[1]!, 'host').replace(/^\[|\]$/g, '');
  return match[2] === undefined || match[2] === '' ? { host } : { host, port: parsePort(match[2]) };
}

/** @throws DbpatError `config_invalid` */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65535) {
    throw urlFault(
      'has a port that is not a number from 1 to 65535 (a special character before it is percent-encoded)',
    );
  }
  return port;
}

function splitQuery(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals < 1) throw urlFault('has a parameter that is not of the form NAME=VALUE');
    const name = decode(pair.slice(0, equals), 'parameters');
    if (!/^[A-Za-z][\w.-]{0,40}$/.test(name)) throw urlFault('has a parameter whose name cannot be read');
    if (parameters.has(name)) throw urlFault(`gives the parameter ${name} twice`);
    parameters.set(name, decode(pair.slice(equals + 1), `parameter ${name}`));
  }
  return parameters;
}

/** @throws DbpatError `config_invalid` */
export function decode(text: string, part: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw urlFault(`has a % in its ${part} that begins no percent-encoding: write it as %25`);
  }
  if (decoded.includes('\0')) throw urlFault(`has a NUL in its ${part}`);
  return decoded;
}

/**
 * One spelling for each host: lower case, IP addresses in their shortest form, all names of this machine as `localhost`.
 * @throws DbpatError `config_invalid`
 */
export function canonicalHost(host: string): string {
  let name: string;
  try {
    name = new URL(`http://${host.includes(':') ? `[${host}]` : host}/`).hostname.replace(/^\[|\]$|\.$/g, '');
  } catch {
    throw urlFault('has a host that is neither a name nor an address');
  }
  if (!/^[\p{L}\p{N}._:-]+$/u.test(host)) throw urlFault('has a host that is neither a name nor an address');
  return name === '127.0.0.1' || name === '::1' || name === '::ffff:7f00:1' ? 'localhost' : name;
}

/** Never leaves the machine: `localhost`, `::1`, 127.0.0.0/8. */
export function isLoopback(canonical: string): boolean {
  return canonical === 'localhost' || /^127(\.\d+){3}$/.test(canonical);
}

export interface ServerTarget {
  readonly dialect: DialectName;
  readonly url: ServerUrl;
  readonly host: string;
  readonly port: number;
  /** Path of the socket or of its folder, in place of host and port. */
  readonly socket?: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Name of the parameter that holds the socket, for `display`. */
  readonly socketParameter: string;
  readonly sslMode?: Target['sslMode'];
  readonly options: Readonly<Record<string, string>>;
}

/** The target of a database behind a server; its password is not enumerable. */
export function serverTarget(init: ServerTarget): Target {
  const { dialect, url, port, socket, user } = init;
  if (url.database === '') throw urlFault('names no database: …HOST:PORT/DATABASE');
  const canonical = socket === undefined ? canonicalHost(init.host) : socket;
  const server = `${dialect}:${canonical}:${port}`;
  const who = user === undefined ? '' : `${encodeURIComponent(user)}@`;
  const database = encodeURIComponent(url.database);
  const shown = init.host.includes(':') ? `[${init.host}]` : init.host;
  return withPassword(
    {
      dialect,
      display:
        socket === undefined
          ? `${url.scheme}://${who}${shown}:${port}/${database}`
          : `${url.scheme}://${who}/${database}?${init.socketParameter}=${encodeURI(socket)}`,
      host: socket ?? init.host,
      port,
      ...(user === undefined ? {} : { user }),
      database: url.database,
      identity: `${server}/${url.database}`,
      server,
      remote: socket === undefined && !isLoopback(canonical),
      ...(init.sslMode === undefined ? {} : { sslMode: init.sslMode }),
      options: init.options,
    },
    init.password,
  );
}

function withPassword(target: Target, password: string | undefined): Target {
  if (password !== undefined)
    Object.defineProperty(target, 'password', { value: password, enumerable: false });
  return target;
}

/**
 * Refuses parameters that are not known. `elsewhere` says where a setting belongs that dbpat takes from its config.
 * @throws DbpatError `config_invalid`
 */
export function checkParameters(
  parameters: ReadonlyMap<string, string>,
  known: readonly string[],
  elsewhere: Readonly<Record<string, string>>,
): void {
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue;
    const place = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
    if (place !== undefined)
      throw urlFault(`has the parameter ${name}, which belongs into the config: ${place}`);
    const near = nearest(name, known);
    const way = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    throw urlFault(`has the unknown parameter ${name}; ${way}`);
  }
}

/** The known word that was probably meant: the same but for case, at most two edits away, or the only one that it begins or is begun by. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  if (lower === '' || lower.length > 64) return undefined;
  let best: string | undefined;
  let bestDistance = lower.length <= 2 ? 2 : 3;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== undefined) return best;
  const begun = known.filter((candidate) => {
    const [short, long] =
      lower.length < candidate.length ? [lower, candidate.toLowerCase()] : [candidate.toLowerCase(), lower];
    return short.length >= 3 && long.startsWith(short);
  });
  return begun.length === 1 ? begun[0] : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1);
      next.push(cost);
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
