import type { Target } from '../dialect.js';
import { checkParameters, parsePort, serverTarget, splitServerUrl, urlFault } from '../url.js';

const known = [
  'sslmode',
  'ssl',
  'host',
  'port',
  'user',
  'password',
  'options',
  'application_name',
  'channel_binding',
] as const;

const elsewhere = {
  sslrootcert: 'tls: { ca: FILE }',
  sslcert: 'tls: { cert: FILE }',
  sslkey: 'tls: { key: FILE }',
  uselibpqcompat: "tls: 'verify' or 'no-verify'",
  connect_timeout: 'timeouts: { connect }',
  statement_timeout: 'timeouts: { statement }',
  lock_timeout: 'timeouts: { ddlLock }',
  schema: '`schema` of the shard',
  currentSchema: '`schema` of the shard',
  search_path: '`schema` of the shard',
};

/**
 * `require` is read as `verify`: libpq's own meaning takes any certificate, which stops no one in the middle, and pg 8
 * reads it the same way (node-postgres#3473). `allow` and `prefer` fall back to plain text.
 */
const sslModes: Readonly<Record<string, NonNullable<Target['sslMode']>>> = {
  disable: 'disable',
  require: 'verify',
  'verify-ca': 'verify',
  'verify-full': 'verify',
  'no-verify': 'no-verify',
};

const sslFlags: typeof sslModes = {
  true: 'verify',
  1: 'verify',
  false: 'disable',
  0: 'disable',
  'no-verify': 'no-verify',
};

/**
 * `postgres://user:password@host:5432/database?sslmode=…`. A socket's folder stands as `?host=/run/postgresql` or
 * percent-encoded in place of the host. Without a host: localhost, whatever PGHOST says.
 * @throws DbpatError `config_invalid`; its message never holds a part of the URL but names of parameters
 */
export function parsePostgresUrl(text: string, _baseDir: string): Target {
  const url = splitServerUrl(text);
  const { parameters } = url;
  checkParameters(parameters, known, elsewhere);
  const sslMode = readSslMode(parameters);
  const host = once('host', url.host || undefined, parameters.get('host')) ?? 'localhost';
  if (host.includes(',')) throw urlFault('names several hosts: name one, and list the others as `replicas`');
  const inQuery = parameters.get('port');
  const port = once('port', url.port, inQuery === undefined ? undefined : parsePort(inQuery)) ?? 5432;
  return serverTarget({
    dialect: 'postgres',
    url,
    host,
    port,
    ...(host.startsWith('/') ? { socket: host.replace(/(?<=.)\/+$/, '') } : {}),
    socketParameter: 'host',
    user: once('user', url.user, parameters.get('user')),
    password: once('password', url.password, parameters.get('password')),
    ...(sslMode === undefined ? {} : { sslMode }),
    options: readOptions(parameters),
  });
}

function once<T>(name: string, first: T | undefined, second: T | undefined): T | undefined {
  if (first !== undefined && second !== undefined) throw urlFault(`gives the ${name} twice`);
  return first ?? second;
}

function readSslMode(parameters: ReadonlyMap<string, string>): Target['sslMode'] {
  const mode = parameters.get('sslmode');
  const flag = parameters.get('ssl');
  if (mode !== undefined && flag !== undefined) throw urlFault('gives both sslmode and ssl: one is enough');
  if (mode === 'allow' || mode === 'prefer')
    throw urlFault(`has sslmode=${mode}, which may fall back to plain text: say verify-full or disable`);
  const [name, table, value] = mode === undefined ? ['ssl', sslFlags, flag] : ['sslmode', sslModes, mode];
  if (value === undefined) return undefined;
  if (!Object.hasOwn(table as object, value))
    throw urlFault(`has an unknown ${name}; known are ${Object.keys(table as object).join(', ')}`);
  return (table as typeof sslModes)[value];
}

function readOptions(parameters: ReadonlyMap<string, string>): Record<string, string> {
  const binding = parameters.get('channel_binding');
  if (binding !== undefined && !['disable', 'prefer', 'require'].includes(binding))
    throw urlFault('has an unknown channel_binding; known are disable, prefer, require');
  return Object.fromEntries(
    ['options', 'application_name', 'channel_binding'].flatMap((name) => {
      const value = parameters.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
