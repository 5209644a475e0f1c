import type { Phase } from '../../../src/events.js';
import type { LedgerRow } from '../../../src/ledger/read.js';
import type { Migration } from '../../../src/migration/migration.js';

export function migration(version: string, checksum = `v1:${version}`): Migration {
  return {
    version,
    description: `step ${version}`,
    name: `${version}_step_${version}`,
    kind: 'plain',
    form: 'sql',
    files: [
      {
        path: `/p/migrations/${version}.sql`,
        display: `migrations/${version}.sql`,
        role: 'both',
        hash: version,
        bytes: 1,
      },
    ],
    checksum,
  };
}

export function row(version: string, appliedOrder: number, more: Partial<LedgerRow> = {}): LedgerRow {
  return {
    version,
    phase: 'up',
    description: `step ${version}`,
    checksum: `v1:${version}`,
    status: 'applied',
    appliedOrder,
    appliedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 1,
    runId: 'run1',
    appliedBy: 'a@b',
    toolVersion: '0',
    progress: null,
    error: null,
    ...more,
  };
}

export function phasedMigration(version: string): Migration {
  return { ...migration(version), kind: 'phased' };
}

/** A row of a phased migration that has all phases, or those given. */
export function phaseRow(
  version: string,
  phase: Phase,
  appliedOrder: number,
  more: Partial<LedgerRow> = {},
): LedgerRow {
  return row(version, appliedOrder, {
    phase,
    phased: { phases: ['expand', 'backfill', 'switch', 'contract'], tables: ['users'] },
    ...more,
  });
}
