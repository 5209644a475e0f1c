export { type Kysely, sql } from 'kysely';
export type { Config, Hook, Shard, Wave } from './config/config.js';
export { defineConfig, type RawConfig } from './config/raw.js';
export { DbpatError, type ErrorCode, type ErrorDetails, exitCodes, type Fault } from './errors.js';
export type { Direction, Emit, Phase, RunEvent, ShardOutcome, StepOutcome, StepRef } from './events.js';
export { defineMigration, type MigrationContext, type MigrationModule } from './migration/define.js';
export { definePhased, type PhasedMigration, type PhaseFunctions } from './migration/define-phased.js';
export { createMigrator } from './run/create-migrator.js';
export type {
  BaselineOptions,
  DownOptions,
  EditOptions,
  Migrator,
  MigratorOptions,
  PlanOptions,
  RedoOptions,
  ReleaseOptions,
  RepairOptions,
  Selection,
  UpOptions,
  WriteOptions,
} from './run/migrator.js';
export type * from './run/results.js';
