import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Target, TlsOptions } from '../dialects/dialect.js';
import type { Fault } from '../errors.js';
import type { TlsSetting } from './settings.js';

const off: TlsOptions = { mode: 'off' };

/** What a shard's targets need: the strictest of what its `tls`, its URLs and the default ask for. */
export function resolveTls(
  setting: TlsSetting | undefined,
  targets: readonly Target[],
  path: string,
  root: string,
  faults: Fault[],
): TlsOptions {
  const servers = targets.filter((target) => target.host !== undefined);
  if (servers.length === 0) return off;
  const asked = servers.map((target) => target.sslMode);
  if (setting === 'off') {
    if (asked.some((mode) => mode !== undefined && mode !== 'disable'))
      faults.push({ path, message: "'off' contradicts what the URL asks for" });
    return off;
  }
  if (typeof setting === 'string') return { mode: setting };
  if (setting !== undefined) return material(setting, asked.includes('no-verify'), path, root, faults);
  const modes = servers.map((target) => target.sslMode ?? (target.remote ? 'verify' : 'disable'));
  if (modes.includes('verify')) return { mode: 'verify' };
  return modes.includes('no-verify') ? { mode: 'no-verify' } : off;
}

/** The URLs would send everything in plain text to another machine, and the shard does not say that it may be so. */
export function needsTls(setting: TlsSetting | undefined, targets: readonly Target[]): boolean {
  return setting === undefined && targets.some((target) => target.remote && target.sslMode === 'disable');
}

function material(
  setting: Exclude<TlsSetting, string>,
  unverified: boolean,
  path: string,
  root: string,
  faults: Fault[],
): TlsOptions {
  const read = (field: 'ca' | 'cert' | 'key') =>
    setting[field] === undefined ? undefined : readPem(setting[field], `${path}.${field}`, root, faults);
  const [ca, cert, key] = [read('ca'), read('cert'), read('key')];
  if ((setting.cert === undefined) !== (setting.key === undefined))
    faults.push({ path, message: 'has only one of cert and key: a client certificate needs both' });
  const verify = setting.verify ?? !unverified;
  const options: TlsOptions = {
    mode: verify ? 'verify' : 'no-verify',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(setting.servername === undefined ? {} : { servername: setting.servername }),
  };
  if (key !== undefined) Object.defineProperty(options, 'key', { value: key, enumerable: false });
  return options;
}

function readPem(written: string, path: string, root: string, faults: Fault[]): string | undefined {
  if (written.includes('-----BEGIN ')) return written;
  try {
    const pem = readFileSync(resolve(root, written), 'utf8');
    if (pem.includes('-----BEGIN ')) return pem;
    faults.push({ path, message: 'names a file that holds no PEM text' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown'})`;
    faults.push({ path, message: `names a file that ${reason}; it is looked for from the config's folder` });
  }
  return undefined;
}
