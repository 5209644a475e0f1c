import type { Dialect } from '../dialects/dialect.js';
import type { Phase } from '../events.js';
import { sectionsOf } from './files.js';
import type { Migration } from './migration.js';
import { loadPhased } from './module.js';
import type { PartOptions } from './part.js';
import { phaseOrder } from './phase.js';

/** What a migration is made of on one dialect. */
export interface Shape {
  /** In the order in which they run; `['up']` for a plain migration. Never empty. */
  readonly phases: readonly Phase[];
  /** Tables whose sync a later migration must not break; known only as far as the definition names them. */
  readonly tables: readonly string[];
}

export const plainShape: Shape = { phases: ['up'], tables: [] };

/**
 * The phases of a migration on one dialect. Reads the file of one that is phased; a module is imported, which runs its
 * top level.
 * @throws DbpatError `migrations_invalid`
 */
export async function loadShape(
  migration: Migration,
  dialect: Dialect,
  options: PartOptions,
): Promise<Shape> {
  if (migration.kind === 'plain') return plainShape;
  if (migration.form === 'module') {
    const definition = await loadPhased(migration.files[0]!, options.root);
    return definition === undefined
      ? plainShape
      : { phases: phaseOrder.filter((phase) => definition[phase] !== undefined), tables: [] };
  }
  const sections = sectionsOf(migration, dialect, options.lex).filter(({ direction }) => direction === 'up');
  const phases = phaseOrder.filter((phase) => sections.some((section) => section.phase === phase));
  if (phases.length === 0) return plainShape;
  const tables = sections.flatMap(({ paged }) => (paged === undefined ? [] : [paged.table]));
  return { phases, tables };
}
