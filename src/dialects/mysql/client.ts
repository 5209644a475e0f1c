import type mysql2 from 'mysql2';
import { DbpatError } from '../../errors.js';
import type { ConnectOptions, Target } from '../dialect.js';

/** One connection, never a pool: a lock must not move to another session. No statement stacking, no file reading. */
export function connectionConfig(target: Target, options: ConnectOptions): mysql2.ConnectionOptions {
  const { tls } = options;
  return {
    ...(target.options.socketPath === undefined
      ? { host: target.host ?? '127.0.0.1', port: target.port ?? 3306 }
      : { socketPath: target.options.socketPath }),
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.password === undefined ? {} : { password: target.password }),
    database: target.database,
    charset: 'utf8mb4',
    timezone: target.options.timezone ?? 'local',
    connectTimeout: options.connectMs,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    multipleStatements: false,
    supportBigNumbers: true,
    stringifyObjects: true,
    connectAttributes: { program_name: options.applicationName },
    ...(tls.mode === 'off'
      ? {}
      : {
          ssl: {
            rejectUnauthorized: tls.mode === 'verify',
            minVersion: 'TLSv1.2',
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
          },
        }),
  };
}

/** The error of a connection that failed for its TLS; undefined for any other. */
export function refusedTls(error: unknown): DbpatError | undefined {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  if (/does not support secure connection/i.test(message) || code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    return new DbpatError('tls_required', 'the server does not offer TLS', {
      hint: "switch TLS on at the server, or say tls: 'off' for this shard",
      cause: error,
    });
  }
  if (code === 'HANDSHAKE_SSL_ERROR' || /CERT|SELF_SIGNED/.test(code)) {
    return new DbpatError('tls_required', `the server's certificate was not accepted: ${message}`, {
      hint: 'give its authority as tls: { ca: FILE }',
      cause: error,
    });
  }
  return undefined;
}
