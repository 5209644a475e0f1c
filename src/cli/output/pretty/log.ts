import type { LogResult } from '../../../run/results.js';
import { formatDuration } from '../duration.js';
import { type Page, page, type View } from '../page.js';
import { alignRows, cut, formatTime } from '../text.js';
import { errorList } from './error.js';

/** The logs of all shards, oldest first. */
export function renderLog(result: LogResult, view: View): Page {
  const { out } = view;
  const several = result.lines.some(({ shard }) => shard !== result.lines[0]!.shard);
  const heads = ['at', ...(several ? ['shard'] : []), 'event', 'direction', 'version', 'by', 'run', 'detail'];
  const rows = result.lines.map((line) => [
    formatTime(line.at),
    ...(several ? [line.shard] : []),
    eventPaint(line.event, view)(line.event),
    line.direction ?? '',
    line.version === null ? '' : line.phase === 'up' ? line.version : `${line.version} ${line.phase ?? ''}`,
    line.actor,
    line.runId,
    detailText(line.detail, view.verbose),
  ]);
  const table = rows.length === 0 ? [] : alignRows([heads.map(out.dim), ...rows]);
  const empty =
    rows.length === 0 && result.errors.length === 0
      ? [result.run === undefined ? 'nothing has been done yet' : `run ${result.run} has done nothing here`]
      : [];
  return page([...table, ...empty], errorList(result.errors, view.err, view.verbose));
}

function eventPaint(event: string, { out }: View) {
  if (event === 'fail') return out.red;
  return event === 'apply' || event === 'revert' ? out.green : out.yellow;
}

function detailText(detail: unknown, whole: boolean): string {
  if (detail === null || detail === undefined) return '';
  if (typeof detail !== 'object') return cut(String(detail), whole ? Number.POSITIVE_INFINITY : 100);
  const text = Object.entries(detail)
    .filter(([name, value]) => value !== null && (whole || name !== 'checksum'))
    .map(([name, value]) => fieldText(name, value))
    .join('; ')
    .replace(/\s+/g, ' ');
  return whole ? text : cut(text, 100);
}

function fieldText(name: string, value: unknown): string {
  if (name === 'durationMs' && typeof value === 'number') return formatDuration(value);
  return `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}
