import { readFileSync, writeFileSync } from 'node:fs';
import type { Shard } from '../config/config.js';
import { DbpatError } from '../errors.js';
import type { PlannedStep } from '../plan/plan.js';
import type { PlanResult } from './results.js';
import { planChanged } from './shard.js';

/** A plan as it was written to a file: per shard the steps, in order. */
export interface SealedPlan {
  readonly format: 'dbpat-plan-1';
  readonly direction: 'up' | 'down';
  readonly shards: Readonly<Record<string, readonly SealedStep[]>>;
}

interface SealedStep {
  readonly version: string;
  readonly phase: string;
  readonly direction: string;
  readonly checksum: string;
}

/** Overwrites the file. @throws DbpatError `usage` when it cannot be written */
export function writePlan(path: string, plan: PlanResult): void {
  const sealed: SealedPlan = {
    format: 'dbpat-plan-1',
    direction: plan.direction,
    shards: Object.fromEntries(
      plan.shards.map((shard) => [
        shard.shard,
        shard.steps.map(({ version, phase, direction, checksum }) => ({
          version,
          phase,
          direction,
          checksum,
        })),
      ]),
    ),
  };
  try {
    writeFileSync(path, `${JSON.stringify(sealed, null, 2)}\n`);
  } catch (error) {
    throw new DbpatError('usage', `the plan cannot be written to ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** @throws DbpatError `usage` when it is not a plan */
export function readPlan(path: string): SealedPlan {
  let plan: SealedPlan;
  try {
    plan = JSON.parse(readFileSync(path, 'utf8')) as SealedPlan;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const what = missing ? 'does not exist' : `cannot be read as a plan: ${(error as Error).message}`;
    throw new DbpatError('usage', `${path} ${what}`, {
      file: path,
      hint: `dbpat migrate plan --out ${path}`,
      cause: error,
    });
  }
  if (plan?.format !== 'dbpat-plan-1' || typeof plan.shards !== 'object' || plan.shards === null) {
    throw new DbpatError('usage', `${path} is not a plan of dbpat`, {
      file: path,
      hint: `dbpat migrate plan --out ${path}`,
    });
  }
  return plan;
}

/** @throws DbpatError `plan_changed` when the steps are not those of the plan */
export function checkSealed(sealed: SealedPlan, shard: Shard, steps: readonly PlannedStep[]): void {
  const expected = sealed.shards[shard.name] ?? [];
  const same =
    expected.length === steps.length &&
    expected.every((step, i) => {
      const { version, phase, direction, migration, row } = steps[i]!;
      return (
        step.version === version &&
        step.phase === phase &&
        step.direction === direction &&
        step.checksum === (migration?.checksum ?? row?.checksum)
      );
    });
  if (!same) throw planChanged(shard);
}
