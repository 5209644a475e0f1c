import type { Fault } from '../errors.js';
import { isObject, keyPath, unresolved } from './check.js';
import { printable } from './nearest.js';
import type { Env } from './shards.js';

const maxDepth = 64;

/**
 * A JSON config with `${NAME}` and `${NAME:-default}` in its texts replaced from the environment; `$${` stands for `${`.
 * A default also takes the place of an empty value. Environments that are not chosen may name what is not set.
 */
export function interpolate(
  value: unknown,
  env: Env,
  environment: string | undefined,
  faults: Fault[],
): unknown {
  if (!isObject(value) || !isObject(value.environments)) return walk(value, '', env, faults, 0);
  const { environments, ...base } = value;
  const replaced = Object.entries(environments).map(([name, settings]) => {
    const ownFaults = name === environment ? faults : [];
    return [name, walk(settings, keyPath('environments', name), env, ownFaults, 1)];
  });
  return { ...(walk(base, '', env, faults, 0) as object), environments: Object.fromEntries(replaced) };
}

function walk(value: unknown, path: string, env: Env, faults: Fault[], depth: number): unknown {
  if (typeof value === 'string') return replace(value, path, env, faults);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) {
    faults.push({ path, message: `is nested deeper than ${maxDepth} levels` });
    return unresolved;
  }
  if (Array.isArray(value))
    return value.map((item, index) => walk(item, `${path}[${index}]`, env, faults, depth + 1));
  const entries = Object.entries(value).map(([key, field]) => [
    key,
    walk(field, keyPath(path, key), env, faults, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

function replace(text: string, path: string, env: Env, faults: Fault[]): string | typeof unresolved {
  if (!text.includes('${')) return text;
  let complete = true;
  const fail = (message: string): string => {
    complete = false;
    faults.push({ path, message });
    return '';
  };
  const replaced = text.replace(/\$\$\{|\$\{([^}]*)\}/g, (match, inner: string | undefined) => {
    if (inner === undefined) return match.slice(1);
    const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inner) ?? [];
    if (name === undefined)
      return fail(
        'holds a placeholder without a proper name: NAME or NAME:-default stands between its braces',
      );
    const value = env[name];
    if (fallback !== undefined) return value || fallback;
    return value ?? fail(`the environment variable ${printable(name)} is not set`);
  });
  return complete ? replaced : unresolved;
}
