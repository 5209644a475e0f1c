import type { Shard } from '../config/config.js';
import type { QueryGuard, Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import type { ModulePart } from '../migration/migration.js';
import { excerpt } from '../sql/excerpt.js';
import { withCallers } from './callers.js';
import type { RunContext } from './context.js';
import type { ReadyStep } from './parts.js';

export interface ModuleRun {
  readonly context: RunContext;
  readonly shard: Shard;
  readonly session: Session;
  readonly step: ReadyStep;
  readonly part: ModulePart;
  /** Sees each query before and after it is sent; queries come one at a time. */
  readonly around: QueryGuard;
}

/**
 * Calls the module's function with Kysely on the session. The handle ends with the function: a query that comes later
 * is refused, and one that was not awaited is an error.
 */
export async function runModule(run: ModuleRun): Promise<void> {
  const { context, shard, session, step, part } = run;
  let ended = false;
  let returned = false;
  let floating = 0;
  let queue: Promise<unknown> = Promise.resolve();
  let pending = 0;
  let count = 0;
  const guard: QueryGuard = (sql, send, parameters) => {
    if (ended) {
      const late = new DbpatError(
        'migration_failed',
        `migration ${step.version} had already finished when it sent: ${excerpt(sql, shard.dialect.sqlRules)}`,
        {
          hint: 'await every query',
        },
      );
      return Promise.reject(late);
    }
    if (returned) {
      floating++;
      return Promise.reject(new DbpatError('migration_failed', 'the migration had returned already'));
    }
    pending++;
    context.emit({
      type: 'statement',
      shard: shard.name,
      step,
      index: count++,
      of: count,
      words: excerpt(sql, shard.dialect.sqlRules),
    });
    const result = queue
      .then(() => run.around(sql, send, parameters))
      .finally(() => {
        pending--;
      });
    queue = result.catch(() => {});
    return result;
  };
  const db = await session.kysely(withCallers(guard));
  const restore = keepProcess(context, shard);
  try {
    await part.run(db, {
      shard: shardContext(shard, context),
      signal: context.signal,
      log: (message: unknown) =>
        context.emit({ type: 'log', shard: shard.name, version: step.version, message: String(message) }),
      phase: step.phase,
      direction: step.direction,
    });
    returned = true;
    // A query that was only begun reaches the guard some turns later.
    await new Promise((resolve) => setImmediate(resolve));
    const left = pending + floating;
    if (left > 0) {
      await queue;
      throw new DbpatError(
        'migration_failed',
        `${left} ${left === 1 ? 'query was' : 'queries were'} not awaited when it returned`,
        { hint: 'await every query in the migration' },
      );
    }
  } finally {
    ended = true;
    await queue;
    restore();
  }
}

function shardContext(shard: Shard, context: RunContext) {
  return {
    name: shard.name,
    group: shard.group,
    labels: shard.labels,
    dialect: shard.dialect.name,
    owns: (_key: unknown) => {
      if (context.config.shards.length === 1) return true;
      throw new DbpatError('usage', 'which shard owns a key is not known: routing is not supported yet');
    },
  };
}

/** Puts back the working directory and the environment's variables when a module has changed them. */
function keepProcess(context: RunContext, shard: Shard): () => void {
  const { env } = context;
  const folder = process.cwd();
  const before = { ...env };
  return () => {
    const changed: string[] = [];
    if (process.cwd() !== folder) {
      process.chdir(folder);
      changed.push('the working directory');
    }
    for (const name of new Set([...Object.keys(before), ...Object.keys(env ?? {})])) {
      if (env === undefined || env[name] === before[name]) continue;
      if (before[name] === undefined) delete env[name];
      else env[name] = before[name];
      changed.push(name);
    }
    if (changed.length > 0) {
      context.emit({
        type: 'warning',
        shard: shard.name,
        message: `the migration changed ${changed.join(', ')} of the process; put back`,
      });
    }
  };
}
