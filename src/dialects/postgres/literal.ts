import type { SqlValue } from '../dialect.js';

/** A value as a literal that reads the same whatever `standard_conforming_strings` says. */
export function literal(value: SqlValue): string {
  if (value === null) return 'null';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  const text = value.replaceAll('\0', '').replaceAll("'", "''");
  return text.includes('\\') ? ` E'${text.replaceAll('\\', '\\\\')}'` : `'${text}'`;
}

export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
