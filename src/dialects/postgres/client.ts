import type pg from 'pg';
import { DbpatError } from '../../errors.js';
import type { ConnectOptions, Target } from '../dialect.js';

/** One connection with the target's address, secrets and TLS. */
export function clientConfig(target: Target, options: ConnectOptions): pg.ClientConfig {
  const { tls } = options;
  return {
    ...(target.host === undefined ? {} : { host: target.host }),
    ...(target.port === undefined ? {} : { port: target.port }),
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.options.options === undefined ? {} : { options: target.options.options }),
    database: target.database,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ssl:
      tls.mode === 'off'
        ? false
        : {
            rejectUnauthorized: tls.mode === 'verify',
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            ...(tls.servername === undefined ? {} : { servername: tls.servername }),
          },
  };
}

/** The error of a connection that failed for its TLS; undefined for any other. */
export function refusedTls(error: unknown): DbpatError | undefined {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  if (/does not support SSL/i.test(message)) {
    return new DbpatError('tls_required', 'the server does not offer TLS', {
      hint: "switch TLS on at the server, or say tls: 'off' for this shard",
      cause: error,
    });
  }
  if (/CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO_(VERIFY|GET)/.test(code)) {
    return new DbpatError('tls_required', `the server's certificate was not accepted: ${message}`, {
      hint: 'give its authority as tls: { ca: FILE }',
      dbCode: code,
      cause: error,
    });
  }
  return undefined;
}
