import type { Phase } from '../events.js';

/** The phases of a phased migration, in the order in which they run. */
export const phaseOrder = ['expand', 'backfill', 'switch', 'contract'] as const satisfies readonly Phase[];

/** Where a phase stands among all; `up` stands first, as it is the only one of its migration. */
export function phaseRank(phase: Phase): number {
  return phaseOrder.indexOf(phase as (typeof phaseOrder)[number]);
}

/** It runs only behind the gate. */
export function isGated(phase: Phase): boolean {
  return phase === 'switch' || phase === 'contract';
}
