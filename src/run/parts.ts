import type { Shard } from '../config/config.js';
import type { ServerInfo, Session } from '../dialects/dialect.js';
import { DbpatError, type Fault, placeText, toDbpatError } from '../errors.js';
import type { Direction, Phase } from '../events.js';
import { readSources, sourceKey } from '../ledger/read.js';
import type { LedgerTables } from '../ledger/tables.js';
import type { Migration, MigrationPart } from '../migration/migration.js';
import { checkTransactions, loadPart, partFromSource, renderSource } from '../migration/part.js';
import { loadShape, type Shape } from '../migration/shape.js';
import type { PlannedStep } from '../plan/plan.js';

/** What a row of the ledger takes beside its source, with room. */
const rowBytes = 200_000;

/** A step with what it will run. */
export interface ReadyStep extends PlannedStep {
  readonly part: MigrationPart;
  readonly checksum: string;
  /** For the ledger's `source` column. */
  readonly source: string | null;
}

/** Loaded parts, each read and split once for all shards of a dialect. */
export interface PartStore {
  /** Undefined: the phase has nothing in this direction. */
  part(
    migration: Migration,
    phase: Phase,
    direction: Direction,
    shard: Shard,
    session: Session,
  ): Promise<MigrationPart | undefined>;
  /** @throws DbpatError `migrations_invalid` */
  shape(migration: Migration, shard: Shard, session: Session): Promise<Shape>;
  /** Null where the server would not take a statement that holds it: then there is none to keep. */
  source(migration: Migration, shard: Shard, server: ServerInfo): string | null;
}

export function partStore(root: string): PartStore {
  const parts = new Map<string, Promise<MigrationPart | undefined>>();
  const shapes = new Map<string, Promise<Shape>>();
  const sources = new Map<string, string>();
  const keyOf = ({ version }: Migration, { dialect }: Shard, { lexOptions: lex }: ServerInfo) =>
    `${version} ${dialect.name} ${lex.ansiQuotes} ${lex.noBackslashEscapes}`;
  return {
    part(migration, phase, direction, shard, session) {
      const lex = session.server.lexOptions;
      const key = `${keyOf(migration, shard, session.server)} ${phase} ${direction}`;
      let part = parts.get(key);
      if (part === undefined) {
        part = loadPart(migration, phase, direction, shard.dialect, { root, lex }).then((loaded) => {
          if (loaded?.form === 'sql') checkTransactions(loaded, shard.dialect);
          return loaded;
        });
        parts.set(key, part);
      }
      return part;
    },
    shape(migration, shard, session) {
      const key = keyOf(migration, shard, session.server);
      let shape = shapes.get(key);
      if (shape === undefined) {
        shape = loadShape(migration, shard.dialect, { root, lex: session.server.lexOptions });
        shapes.set(key, shape);
      }
      return shape;
    },
    source(migration, shard, { maxStatementBytes }) {
      const key = `${migration.version} ${shard.dialect.name}`;
      let source = sources.get(key);
      if (source === undefined) {
        source = renderSource(migration, shard.dialect);
        sources.set(key, source);
      }
      // A text goes as two digits a byte, beside the rest of its row.
      const bytes = Buffer.byteLength(source) * 2 + rowBytes;
      return maxStatementBytes !== undefined && bytes > maxStatementBytes ? null : source;
    },
  };
}

/**
 * The parts of all steps, or everything that is wrong with any of them, before the first one runs. Reads only.
 * @throws DbpatError `migrations_invalid`, `sql_invalid`, `irreversible`
 */
export async function readySteps(
  steps: readonly PlannedStep[],
  shard: Shard,
  session: Session,
  tables: LedgerTables,
  store: PartStore,
): Promise<readonly ReadyStep[]> {
  const ready: ReadyStep[] = [];
  const errors: DbpatError[] = [];
  for (const step of steps) {
    try {
      const one = await readyStep(step, shard, session, tables, store);
      if (session.server.pooled) refuseOutsideTransaction(one, shard);
      ready.push(one);
    } catch (error) {
      errors.push(toDbpatError(error).with({ version: step.version }));
    }
  }
  if (errors.length > 0) throw together(errors);
  return ready;
}

async function readyStep(
  step: PlannedStep,
  shard: Shard,
  session: Session,
  tables: LedgerTables,
  store: PartStore,
): Promise<ReadyStep> {
  const { migration, row, phase, direction } = step;
  if (migration !== undefined) {
    const file = migration.files[0]!.display;
    const part = (await store.part(migration, phase, direction, shard, session)) ?? givenUp(step, file);
    if (part === undefined) throw irreversible(step, file);
    return {
      ...step,
      part,
      checksum: migration.checksum,
      source: store.source(migration, shard, session.server),
    };
  }
  const source = (await readSources(session, tables, [step.version])).get(sourceKey(step));
  const part =
    (source === undefined
      ? undefined
      : partFromSource(source, step, direction, shard.dialect, session.server.lexOptions)) ??
    givenUp(step, `ledger:${step.version}`);
  if (part === undefined) throw irreversible(step, `ledger:${step.version}`);
  return { ...step, part, checksum: row!.checksum, source: source ?? null };
}

/** Behind a transaction pooler a runner that was frozen could not be kept from going on. */
function refuseOutsideTransaction({ part, version, description }: ReadyStep, shard: Shard): void {
  if (part.transaction && shard.dialect.capabilities.transactionalDdl) return;
  if (part.form === 'sql' && part.statements.length === 0) return;
  throw new DbpatError(
    'refused',
    `${version} ${description} (${part.file}) runs outside a transaction, and ${shard.name} is reached through a transaction pooler; nothing ran`,
    { version, file: part.file, hint: `give ${shard.name} a directUrl that goes past the pooler` },
  );
}

/** The down of a contract that has none, where its loss is accepted: only the record goes. */
function givenUp(step: PlannedStep, file: string): MigrationPart | undefined {
  if (step.phase !== 'contract' || !step.acceptDataLoss) return undefined;
  const { phase, direction } = step;
  return { form: 'sql', phase, direction, transaction: true, file, statements: [] };
}

function irreversible(step: PlannedStep, file: string): DbpatError {
  const { version, description, phase } = step;
  const message = `${version} ${description}${phase === 'up' ? '' : `: its ${phase}`} has no down (${file}); nothing ran`;
  if (phase === 'contract') {
    return new DbpatError(
      'irreversible',
      `${message}; what the contract removed cannot be brought back, and what was written since stands on the new side only`,
      {
        version,
        phase,
        file,
        hint: 'go forward with a new migration, or give up what is lost: dbpat migrate down --accept-data-loss',
      },
    );
  }
  return new DbpatError('irreversible', message, {
    version,
    phase,
    file,
    hint: 'write its down, or go forward with a new migration: dbpat migrate create <description>',
  });
}

function together(errors: readonly DbpatError[]): DbpatError {
  const first = errors[0]!;
  if (errors.length === 1) return first;
  const faults: Fault[] = errors.flatMap(
    (error) => error.details.faults ?? [{ path: placeOf(error), message: error.message }],
  );
  const worst = errors.find((error) => error.exitCode === 2) ?? first;
  return new DbpatError(worst.code, `${errors.length} migrations cannot run; nothing ran`, {
    hint: worst.hint,
    faults,
  });
}

function placeOf({ details }: DbpatError): string {
  return placeText({ ...details, file: details.file ?? details.version });
}
