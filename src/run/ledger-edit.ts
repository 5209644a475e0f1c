import type { Shard } from '../config/config.js';
import type { Query, Session } from '../dialects/dialect.js';
import { DbpatError } from '../errors.js';
import { type LedgerWriter, ledgerWriter } from '../ledger/write.js';
import { runExitCode } from '../plan/outcome.js';
import { askConsent, type Consent } from './consent.js';
import { eachShard, type RunContext, withSession } from './context.js';
import { shardError } from './failure.js';
import { withLock } from './lock.js';
import { type EditResult, errorReport, type LedgerChange } from './results.js';
import { notWritable, readShard, type ShardReading } from './survey.js';

export interface Edit extends LedgerChange {
  /** The row, and its line in the log. */
  readonly queries: readonly Query[];
}

/** What is to be written for one shard, from what it says now. */
export interface EditPlan {
  readonly edits: readonly Edit[];
  readonly refusal?: DbpatError;
  /** Done only where the shard was named. */
  readonly uncalledFor?: string;
}

export interface LedgerEdit extends Consent {
  readonly shards: readonly Shard[];
  /** The shards were picked by `--shard`, or there is only one. */
  readonly named: boolean;
  readonly dryRun: boolean;
  /** Called twice: for what is asked about and previewed, and again under the lock for what is written. */
  plan(shard: Shard, reading: ShardReading, writer: LedgerWriter): EditPlan;
  /** The command as it would be typed for these shards: ` --shard a --shard b`. */
  again(at: string): string;
}

interface End {
  readonly shard: Shard;
  readonly edits: readonly Edit[];
  readonly error?: DbpatError;
}

/**
 * Changes what ledgers say, never a schema. First every shard is read; where one that was not named is in no need of the
 * change, nothing is written anywhere. Then each shard is written under its lock, in one transaction.
 * @throws DbpatError `refused`, `protected`
 */
export async function editLedgers(context: RunContext, edit: LedgerEdit): Promise<EditResult> {
  const seen = await eachShard(context, edit.shards, (shard) => look(context, edit, shard));
  refuseEverywhere(seen);
  refuseUncalled(edit, seen);
  const ready = seen.filter(({ edits }) => edits.length > 0);
  if (!edit.dryRun) {
    const wary = ready.filter(({ shard }) => shard.protected).map(({ shard }) => shard.name);
    await askConsent(context.command, wary, edit);
  }
  const ends = edit.dryRun ? seen : await writeAll(context, edit, seen);
  const exitCode = runExitCode(
    ends.map(({ edits, error }) => ({
      outcome: error === undefined ? 'applied' : 'failed',
      hadWork: edits.length > 0 && !edit.dryRun,
      ...(error === undefined ? {} : { error }),
    })),
  );
  return {
    command: context.command,
    ok: exitCode === 0,
    exitCode,
    runId: context.stamp.runId,
    dryRun: edit.dryRun,
    shards: ends.map(({ shard, edits, error }) => ({
      shard: shard.name,
      changes: edits.map(({ queries: _sent, ...change }) => change),
      ...(error === undefined ? {} : { error: errorReport(error) }),
    })),
  };
}

async function writeAll(
  context: RunContext,
  edit: LedgerEdit,
  seen: readonly Seen[],
): Promise<readonly End[]> {
  const ready = seen.filter(({ edits }) => edits.length > 0).map(({ shard }) => shard);
  const written = await eachShard(context, ready, (shard) => write(context, edit, shard));
  const byShard = new Map(written.map((end) => [end.shard, end]));
  return seen.map((one) => byShard.get(one.shard) ?? one);
}

interface Seen extends End {
  readonly uncalledFor?: string;
}

async function look(context: RunContext, edit: LedgerEdit, shard: Shard): Promise<Seen> {
  try {
    const plan = await withSession(shard, context.config, 'read', async (session) => {
      if (session.server.absent) throw absent(shard);
      const found = await planEdit(context, edit, shard, session);
      if (found.edits.length > 0 && session.server.role !== 'primary')
        throw notWritable(shard, session.server);
      return found;
    });
    if (!edit.named && plan.uncalledFor !== undefined && plan.edits.length === 0) return { shard, edits: [] };
    if (plan.refusal !== undefined) throw plan.refusal;
    return {
      shard,
      edits: plan.edits,
      ...(plan.uncalledFor === undefined ? {} : { uncalledFor: plan.uncalledFor }),
    };
  } catch (thrown) {
    return { shard, edits: [], error: shardError(thrown, shard) };
  }
}

async function write(context: RunContext, edit: LedgerEdit, shard: Shard): Promise<End> {
  const { config, stamp, emit, signal } = context;
  try {
    const edits = await withSession(shard, config, 'write', async (session) => {
      const { tables, present } = await readShard(context, shard, session);
      return withLock({ session, shard, tables, present, config, stamp, emit, signal }, async () => {
        const plan = await planEdit(context, edit, shard, session);
        if (plan.refusal !== undefined) throw plan.refusal;
        await send(
          session,
          plan.edits.flatMap(({ queries }) => queries),
        );
        return plan.edits;
      });
    });
    return { shard, edits };
  } catch (thrown) {
    return { shard, edits: [], error: shardError(thrown, shard) };
  }
}

async function planEdit(
  context: RunContext,
  edit: LedgerEdit,
  shard: Shard,
  session: Session,
): Promise<EditPlan> {
  const reading = await readShard(context, shard, session);
  return edit.plan(shard, reading, ledgerWriter(shard.dialect, reading.tables, context.stamp));
}

/** Above this a batch goes statement by statement: servers bound one message (`max_allowed_packet`). */
const maxBatchLength = 500_000;

async function send(session: Session, queries: readonly Query[]): Promise<void> {
  if (queries.length === 0) return;
  const length = queries.reduce(
    (sum, { sql, params = [] }) =>
      sum + sql.length + params.reduce<number>((all, p) => all + String(p).length, 0),
    0,
  );
  if (length <= maxBatchLength) return session.batch(queries);
  await session.begin();
  try {
    for (const query of queries.slice(0, -1)) await session.query(query);
    await session.commit(queries.slice(-1));
  } catch (error) {
    await session.rollback();
    throw error;
  }
}

function absent(shard: Shard): DbpatError {
  return new DbpatError(
    'unreachable',
    `${shard.name}: ${shard.target.display} does not exist; nothing was changed`,
    {
      shard: shard.name,
      hint: 'dbpat migrate up, or correct the path in the config',
    },
  );
}

/** What is wrong with the request itself is said once. */
function refuseEverywhere(seen: readonly Seen[]): void {
  const first = seen[0]?.error;
  if (first?.code !== 'usage' || !seen.every(({ error }) => error?.message === first.message)) return;
  throw new DbpatError('usage', first.message, { ...first.details, shard: undefined, hint: first.hint });
}

/** A decision about some shards must not reach the others unseen. */
function refuseUncalled(edit: LedgerEdit, seen: readonly Seen[]): void {
  const uncalled = edit.named ? [] : seen.filter(({ uncalledFor }) => uncalledFor !== undefined);
  const [first] = uncalled;
  if (first === undefined) return;
  const meant = seen.filter((one) => one.edits.length > 0 && one.uncalledFor === undefined);
  const names = uncalled.slice(0, 5).map(({ shard }) => shard.name);
  const more = uncalled.length > names.length ? ` and ${uncalled.length - names.length} more` : '';
  const at = meant.map(({ shard }) => ` --shard ${shard.name}`).join('');
  throw new DbpatError(
    'refused',
    `${names.join(', ')}${more}: ${first.uncalledFor}; nothing was changed on any shard`,
    {
      ...(uncalled.length === 1 ? { shard: first.shard.name } : {}),
      hint:
        at === '' ? `${edit.again(" --shard '*'")} (all), or name the shards that are meant` : edit.again(at),
    },
  );
}
