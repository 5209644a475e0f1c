import { expect, it } from 'vitest';
import type { Shard } from '../../../src/config/config.js';
import { DriverError } from '../../../src/dialects/dialect.js';
import type { SqlPart } from '../../../src/migration/migration.js';
import { shardError, stepError } from '../../../src/run/failure.js';
import type { ReadyStep } from '../../../src/run/parts.js';
import { postgresRules } from '../../../src/sql/postgres.js';
import { splitSql } from '../../../src/sql/split.js';

const shard = {
  name: 'eu-1',
  target: { display: 'postgres://app@db/shop' },
  dialect: { sqlRules: postgresRules },
} as unknown as Shard;
const text = 'select 1;\n\n  update users\n  set naïve = 😀 oops;\n';
const part: SqlPart = {
  form: 'sql',
  direction: 'up',
  phase: 'up',
  transaction: true,
  file: 'migrations/1_x.sql',
  statements: splitSql(text, postgresRules),
};
const step = { version: '1', description: 'x', phase: 'up', direction: 'up', part } as unknown as ReadyStep;

it('F113 maps an offset in a statement to the line and column of the file', () => {
  const position = part.statements[1]!.text.indexOf('oops');
  const error = stepError(
    new DriverError('statement', 'syntax error', { dbCode: '42601', position, at: 1 }),
    {
      shard,
      step,
      part,
      state: 'it was rolled back',
      hint: 'dbpat migrate up',
    },
  );
  const { file, line, column, statement } = error.details;
  expect([file, line, column]).toEqual(['migrations/1_x.sql', 4, text.split('\n')[3]!.indexOf('oops') + 1]);
  expect(statement).toBe('update users set naïve = 😀 oops');
  expect(error.message).toBe(
    `eu-1: 1 x: migrations/1_x.sql:4:${column}: syntax error (42601)\n  in: update users set naïve = 😀 oops\n  it was rolled back`,
  );
});

it('tells a lost connection from a failed migration', () => {
  const facts = { shard, step, part, state: '', hint: 'x' };
  expect(stepError(new DriverError('lost', 'gone'), facts).code).toBe('unreachable');
  expect(stepError(new DriverError('read-only', 'no'), facts).code).toBe('read_only');
  expect(stepError(new Error('mine'), facts).code).toBe('migration_failed');
  expect(shardError(new DriverError('unreachable', 'refused'), shard).exitCode).toBe(8);
  expect(shardError(new TypeError('bug'), shard).exitCode).toBe(1);
});
