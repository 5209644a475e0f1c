import { isAbsolute } from 'node:path';
import type { Target } from '../dialect.js';
import { checkParameters, serverTarget, splitServerUrl, urlFault } from '../url.js';

const sslNames = ['ssl-mode', 'sslmode', 'ssl'] as const;
const known = [...sslNames, 'socketPath', 'socket', 'timezone', 'charset'] as const;

const elsewhere = {
  'ssl-ca': 'tls: { ca: FILE }',
  'ssl-cert': 'tls: { cert: FILE }',
  'ssl-key': 'tls: { key: FILE }',
  sslcert: 'tls: { cert: FILE }',
  sslaccept: "tls: 'verify' or 'no-verify'",
  connectTimeout: 'timeouts: { connect }',
  connect_timeout: 'timeouts: { connect }',
};

type SslMode = NonNullable<Target['sslMode']>;

/** `required` is read as `verify`, as with PostgreSQL; `preferred` falls back to plain text. */
const sslModes: Readonly<Record<string, SslMode>> = {
  disabled: 'disable',
  disable: 'disable',
  false: 'disable',
  0: 'disable',
  required: 'verify',
  require: 'verify',
  true: 'verify',
  1: 'verify',
  'verify-ca': 'verify',
  'verify-identity': 'verify',
  'verify-full': 'verify',
  '{"rejectunauthorized":true}': 'verify',
  'no-verify': 'no-verify',
  '{"rejectunauthorized":false}': 'no-verify',
};

/**
 * `mysql://user:password@host:3306/database?ssl-mode=…`; a socket stands as `?socket=/run/mysqld/mysqld.sock`.
 * @throws DbpatError `config_invalid`; its message never holds a part of the URL but names of parameters
 */
export function parseMysqlUrl(text: string, _baseDir: string): Target {
  const url = splitServerUrl(text);
  const { parameters } = url;
  checkParameters(parameters, known, elsewhere);
  const sslMode = readSslMode(parameters);
  const socket = readSocket(parameters);
  if (socket !== undefined && url.port !== undefined)
    throw urlFault('gives a socket and a port: one is enough');
  const charset = parameters.get('charset');
  if (charset !== undefined && !/^utf8mb4(_\w+)?$/i.test(charset))
    throw urlFault('has a charset other than utf8mb4, which would lose characters: leave it out');
  const timezone = parameters.get('timezone');
  if (timezone !== undefined && !/^(local|Z|[+-]\d\d:\d\d)$/.test(timezone))
    throw urlFault('has an unknown timezone; known are local, Z and +HH:MM (its + is written %2B or +)');
  return serverTarget({
    dialect: 'mysql',
    url,
    host: url.host || 'localhost',
    port: url.port ?? 3306,
    ...(socket === undefined ? {} : { socket }),
    socketParameter: 'socket',
    user: url.user,
    password: url.password,
    ...(sslMode === undefined ? {} : { sslMode }),
    options: {
      ...(socket === undefined ? {} : { socketPath: socket }),
      ...(timezone === undefined ? {} : { timezone }),
    },
  });
}

function readSslMode(parameters: ReadonlyMap<string, string>): Target['sslMode'] {
  const [name, second] = sslNames.filter((name) => parameters.has(name));
  if (name === undefined) return undefined;
  if (second !== undefined) throw urlFault(`gives both ${name} and ${second}: one is enough`);
  const mode = parameters.get(name)!.toLowerCase().replaceAll('_', '-').replaceAll(' ', '');
  if (mode.startsWith('prefer'))
    throw urlFault(
      `has ${name}=preferred, which may fall back to plain text: say verify-identity or disabled`,
    );
  if (!Object.hasOwn(sslModes, mode))
    throw urlFault(
      `has an unknown ${name}; known are disabled, required, verify-ca, verify-identity, no-verify`,
    );
  return sslModes[mode];
}

function readSocket(parameters: ReadonlyMap<string, string>): string | undefined {
  const socket = parameters.get('socketPath') ?? parameters.get('socket');
  if (parameters.has('socketPath') && parameters.has('socket'))
    throw urlFault('gives both socketPath and socket: one is enough');
  if (socket !== undefined && !isAbsolute(socket)) throw urlFault('has a socket whose path is not absolute');
  return socket;
}
