import { DbpatError } from '../errors.js';
import type { Direction, Phase } from '../events.js';
import type { PhasedMigration, PhaseFunctions } from './define-phased.js';
import { readUnchanged } from './files.js';
import { importModule, placeInProject } from './loader.js';
import type { MigrationFile, MigrationPart, ModulePart } from './migration.js';
import { phaseOrder } from './phase.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * One direction of one phase of a module, imported; undefined when it has nothing there.
 * @throws DbpatError `migrations_invalid`
 */
export async function loadModulePart(
  file: MigrationFile,
  phase: Phase,
  direction: Direction,
  root: string,
): Promise<MigrationPart | undefined> {
  const module = await importModule(file.path, root, { source: readUnchanged(file) });
  const placeOf = (thrown: unknown) => placeInProject(thrown, file.path, root);
  const common = { direction, phase, file: file.display, placeOf };
  if (phase !== 'up') {
    const definition = phasedOf(module, file);
    const own = definition?.[phase];
    if (own === undefined) return undefined;
    const run = own[direction];
    if (run === undefined) {
      return phase === 'backfill'
        ? { direction, phase, file: file.display, form: 'sql', transaction: true, statements: [] }
        : undefined;
    }
    return modulePart(common, own.transaction, definition?.description, (db, ctx) => run.call(own, db, ctx));
  }
  const wrong = wrongPlain(module);
  if (wrong !== undefined) throw fault(file, wrong);
  const { transaction, description } = module as { transaction?: boolean; description?: string };
  const shape = module as unknown as PhaseFunctions;
  const run = shape[direction];
  if (run === undefined) return undefined;
  return modulePart(common, transaction, description, (db, ctx) => run.call(shape, db, ctx));
}

function modulePart(
  common: Pick<ModulePart, 'direction' | 'phase' | 'file' | 'placeOf'>,
  transaction: boolean | undefined,
  description: string | undefined,
  run: (db: any, ctx: any) => unknown,
): ModulePart {
  return {
    ...common,
    form: 'module',
    transaction: transaction ?? true,
    ...(description === undefined ? {} : { description }),
    run,
  };
}

/**
 * What a module defines in phases; undefined for a plain one. Runs its top level.
 * @throws DbpatError `migrations_invalid`
 */
export async function loadPhased(file: MigrationFile, root: string): Promise<PhasedMigration | undefined> {
  return phasedOf(await importModule(file.path, root, { source: readUnchanged(file) }), file);
}

function phasedOf(module: Fields, file: MigrationFile): PhasedMigration | undefined {
  const phases = phaseOrder.filter((phase) => module[phase] !== undefined);
  if (phases.length === 0) return undefined;
  const wrong = phases.map((phase) => wrongPhase(phase, module[phase])).find((text) => text !== undefined);
  if (wrong !== undefined) throw fault(file, wrong);
  if (module.up !== undefined)
    throw fault(file, 'has an up beside phases; write either up and down, or phases');
  return module as PhasedMigration;
}

function wrongPhase(phase: Phase, value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `has a ${phase} that is ${kindOf(value)}`;
  const { up, down, transaction } = value as Fields;
  if (typeof up !== 'function') return `has a ${phase} whose up is ${kindOf(up)}, not a function`;
  if (down !== undefined && typeof down !== 'function')
    return `has a ${phase} whose down is ${kindOf(down)}, not a function`;
  if (transaction !== undefined && typeof transaction !== 'boolean')
    return `has a ${phase} whose transaction is ${kindOf(transaction)}, not true or false`;
  return undefined;
}

function wrongPlain(module: Fields): string | undefined {
  const { up, down, transaction, description } = module;
  if (phaseOrder.some((phase) => module[phase] !== undefined))
    return 'is a phased migration that does not say so; write: export default definePhased({ … })';
  if (up === undefined) return 'exports no up; export a function `up`, or an object with one as default';
  if (typeof up !== 'function') return `exports an up that is no function but ${kindOf(up)}`;
  if (down !== undefined && typeof down !== 'function')
    return `exports a down that is no function but ${kindOf(down)}`;
  if (transaction !== undefined && typeof transaction !== 'boolean')
    return `exports a transaction that is neither true nor false but ${kindOf(transaction)}`;
  if (description !== undefined && typeof description !== 'string')
    return `exports a description that is no text but ${kindOf(description)}`;
  return undefined;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : value === undefined ? 'missing' : `of type ${typeof value}`;
}

function fault(file: MigrationFile, message: string): DbpatError {
  return new DbpatError('migrations_invalid', `${file.display} ${message}`, { file: file.display });
}
