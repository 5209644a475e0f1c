import type { BlockTracker } from './rules.js';

/**
 * PostgreSQL: a body in standard SQL, `BEGIN ATOMIC … END`, of a function or procedure (manual, CREATE FUNCTION,
 * "sql_body", since 14). CASE and END are reserved there, but may still be labels after AS and parts of a name.
 */
export function atomicBodies(first: string): BlockTracker | undefined {
  if (first !== 'CREATE') return undefined;
  let inHead = true;
  let depth = 0;
  let previous = first;
  return (token) => {
    const before = previous;
    previous = token;
    if (inHead) {
      if (token === 'FUNCTION' || token === 'PROCEDURE') inHead = false;
      else if (token !== 'OR' && token !== 'REPLACE') return -1;
    } else if (before === '.' || before === 'AS') return depth;
    else if (depth === 0) {
      if (token === 'ATOMIC' && before === 'BEGIN') depth = 1;
    } else if (token === 'CASE') depth += 1;
    else if (token === 'END') depth -= 1;
    return depth;
  };
}

const triggerHead = new Set(['EXPLAIN', 'QUERY', 'PLAN', 'CREATE', 'TEMP', 'TEMPORARY']);
const beforeName = new Set(['TRIGGER', 'EXISTS', 'ON', 'OF', ',', '.', 'AS']);

/**
 * SQLite: the body of a trigger. BEGIN and END may be names there (lang_keywords.html, fallback to identifiers), so END
 * closes only a CASE, or the body after a semicolon.
 */
export function triggerBodies(first: string): BlockTracker | undefined {
  if (first !== 'CREATE' && first !== 'EXPLAIN') return undefined;
  let inHead = true;
  let inBody = false;
  let cases = 0;
  let previous = first;
  return (token) => {
    const before = previous;
    previous = token;
    if (inHead) {
      if (token === 'TRIGGER') inHead = false;
      else if (!triggerHead.has(token)) return -1;
    } else if (beforeName.has(before)) return inBody ? 1 : 0;
    else if (token === 'CASE') cases += 1;
    else if (token === 'BEGIN' && !inBody) inBody = true;
    else if (token === 'END') {
      if (cases > 0) cases -= 1;
      else if (before === ';') inBody = false;
    }
    return inBody ? 1 : 0;
  };
}
