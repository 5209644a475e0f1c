import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { DbpatError } from '../errors.js';

/** What a driver package's entry looks like when it is CommonJS and came in by `import()`. */
type Interop<T> = T & { readonly default?: T };

/**
 * Imports a driver from the project first, then from dbpat's own folder, so that a global install uses the project's.
 * @throws DbpatError `driver_missing` with the command that installs it
 */
export async function loadDriver<T>(name: string, from: string, install = `npm i ${name}`): Promise<T> {
  for (const base of [pathToFileURL(`${from}/`).href, import.meta.url]) {
    let entry: string;
    try {
      entry = createRequire(base).resolve(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') continue;
      throw error;
    }
    const loaded = (await import(pathToFileURL(entry).href)) as Interop<T>;
    return loaded.default ?? loaded;
  }
  throw new DbpatError('driver_missing', `the driver ${name} is not installed`, { hint: install });
}
