import type { SqlValue } from '../dialect.js';

/** A value as a literal that reads the same under every `sql_mode`: text goes as hexadecimal digits. */
export function literal(value: SqlValue): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value !== 'string') return String(value);
  return value === '' ? "''" : `_utf8mb4 x'${Buffer.from(value).toString('hex')}'`;
}

export function quote(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}
