import { compareVersions } from '../../../migration/version.js';
import type { MigrationReport, ShardStatus, StatusResult } from '../../../run/results.js';
import type { Paint } from '../colour.js';
import { formatDuration } from '../duration.js';
import { type Page, page, type View } from '../page.js';
import { alignRows, counted, formatTime, textWidth } from '../text.js';
import { errorList, warningLines } from './error.js';

/** One shard: its migrations. Several: the shards, and the migrations that are not applied on all of them. */
export function renderStatus(result: StatusResult, view: View): Page {
  const { shards } = result;
  const [only] = shards;
  const errors = shards.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const body = shards.length === 1 ? oneShard(only!, view) : fleet(result, view);
  return page(
    [...body, ...wayOut(result, view)],
    [...warningLines(shards, view.err), ...errorList(errors, view.err, view.verbose)],
  );
}

function wayOut({ shards }: StatusResult, { out, quiet }: View): readonly string[] {
  if (quiet) return [];
  const states = new Set(
    shards.flatMap(({ migrations }) => migrations.filter((m) => !m.ahead).map((m) => m.state)),
  );
  const next = (command: string) => [`${out.cyan('next:')} ${command}`];
  const any = (...wanted: MigrationReport['state'][]) => wanted.some((state) => states.has(state));
  if (any('changed', 'missing', 'out-of-order')) return next('dbpat migrate verify');
  if (shards.some(({ pending }) => pending > 0)) return next('dbpat migrate up');
  return [];
}

function oneShard(shard: ShardStatus, view: View): readonly string[] {
  const { out, width } = view;
  if (shard.error !== undefined) return [];
  const { migrations } = shard;
  if (migrations.length === 0) return ['no migrations yet'];
  const heads = [
    'version',
    'migration',
    'state',
    'applied at',
    'duration',
    'by',
    ...(view.verbose ? ['run'] : []),
  ];
  const rows = migrations.map((migration) => {
    const phase = migration.phases.findLast(({ status }) => status !== 'pending');
    return [
      migration.version,
      migration.description,
      stateText(migration, out),
      phase?.appliedAt ? formatTime(phase.appliedAt) : '',
      phase?.durationMs == null ? '' : formatDuration(phase.durationMs),
      phase?.appliedBy ?? '',
      ...(view.verbose ? [phase?.runId ?? ''] : []),
    ];
  });
  const table = [heads.map(out.dim), ...rows];
  return [...fitting(table, width), stateCounts(migrations)];
}

/** Columns from the right are left out until the rest fits; the first three stay. */
function fitting(rows: readonly (readonly string[])[], width: number): readonly string[] {
  for (let columns = rows[0]!.length; columns > 3; columns--) {
    const lines = alignRows(rows.map((row) => row.slice(0, columns)));
    if (lines.every((line) => textWidth(line) <= width)) return lines;
  }
  return alignRows(rows.map((row) => row.slice(0, 3)));
}

function stateCounts(migrations: readonly MigrationReport[]): string {
  const counts = new Map<string, number>();
  for (const { state } of migrations) counts.set(state, (counts.get(state) ?? 0) + 1);
  return `${counted(migrations.length, 'migration')}: ${[...counts].map(([state, n]) => `${n} ${state}`).join(', ')}`;
}

function stateText(migration: MigrationReport, paint: Paint): string {
  const { state } = migration;
  const colour =
    state === 'applied' ? paint.green : state === 'pending' || state === 'partial' ? paint.yellow : paint.red;
  const notes = [
    ...(migration.kind === 'phased' && state !== 'pending' && state !== 'applied'
      ? [phaseText(migration)]
      : []),
    ...(migration.cosmetic ? ['edited in comments'] : []),
    ...(migration.ahead ? ['newer than the files'] : []),
  ];
  return colour(state) + (notes.length === 0 ? '' : paint.dim(` (${notes.join(', ')})`));
}

/** The last phase that has begun: `expand done, backfill next`. */
function phaseText({ phases }: MigrationReport): string {
  const begun = phases.findLast(({ status }) => status !== 'pending');
  const next = phases.find(({ status }) => status === 'pending');
  const now =
    begun === undefined
      ? []
      : [begun.status === 'applied' ? `${begun.phase} done` : `${begun.phase} ${begun.status}`];
  return [...now, ...(next === undefined ? [] : [`${next.phase} next`])].join(', ');
}

function fleet({ shards, summary }: StatusResult, view: View): readonly string[] {
  const { out } = view;
  const heads = ['shard', 'database', 'version', 'applied', 'pending', 'state'].map(out.dim);
  const rows = shards.map((shard) => [
    shard.shard,
    shard.dialect,
    shard.current ?? '-',
    shard.reachable ? String(shard.applied) : '-',
    shard.reachable ? String(shard.pending) : '-',
    shardState(shard, out),
  ]);
  const parts = [
    `${summary.upToDate} up to date`,
    ...(summary.behind > 0 ? [`${summary.behind} behind`] : []),
    ...(summary.conflicts > 0 ? [`${summary.conflicts} with conflicts`] : []),
    ...(summary.unreachable > 0 ? [`${summary.unreachable} unreachable`] : []),
  ];
  return [
    ...alignRows([heads, ...rows]),
    ...matrix(shards, view),
    `${counted(summary.shards, 'shard')}: ${parts.join(', ')}`,
  ];
}

const trouble = ['unfinished', 'failed', 'changed', 'missing', 'out-of-order'] as const;

function shardState(shard: ShardStatus, paint: Paint): string {
  if (!shard.reachable) return paint.red('unreachable');
  if (shard.error !== undefined) return paint.red(shard.error.code.replaceAll('_', ' '));
  const found = trouble.find((state) => shard.migrations.some((m) => m.state === state && !m.ahead));
  if (found !== undefined) return paint.red(found);
  return shard.pending > 0 ? paint.yellow('behind') : paint.green('up to date');
}

const mostShards = 8;

/** Migrations by shards: only those that are not simply applied everywhere. */
function matrix(shards: readonly ShardStatus[], { out, width }: View): readonly string[] {
  if (shards.length > mostShards) return [];
  const readable = shards.filter(({ error }) => error === undefined);
  const byVersion = new Map<string, { version: string; name: string; cells: Map<string, MigrationReport> }>();
  for (const { shard, migrations } of readable) {
    for (const migration of migrations) {
      const { version, description } = migration;
      const row = byVersion.get(version) ?? { version, name: `${version} ${description}`, cells: new Map() };
      row.cells.set(shard, migration);
      byVersion.set(version, row);
    }
  }
  const all = [...byVersion.values()].sort((a, b) => compareVersions(a.version, b.version));
  const odd = all.filter(
    ({ cells }) =>
      cells.size < readable.length || [...cells.values()].some((m) => m.state !== 'applied' || m.cosmetic),
  );
  if (odd.length === 0) return [];
  const rows = odd.map(({ name, cells }) => [
    name,
    ...readable.map(({ shard }) => {
      const migration = cells.get(shard);
      return migration === undefined ? '-' : stateText(migration, out);
    }),
  ]);
  const lines = alignRows([['migration', ...readable.map(({ shard }) => shard)].map(out.dim), ...rows]);
  if (lines.some((line) => textWidth(line) > width)) return [];
  const rest = all.length - odd.length;
  return [
    '',
    ...lines,
    ...(rest > 0 ? [out.dim(`and ${counted(rest, 'migration')} applied on all`)] : []),
    '',
  ];
}
