import type { Dialect } from './dialect.js';
import { mysql } from './mysql/index.js';
import { postgres } from './postgres/index.js';
import { sqlite } from './sqlite/index.js';

/** Every database that dbpat knows; a new one is one folder and one line. */
export const dialects: readonly Dialect[] = [postgres, mysql, sqlite];
