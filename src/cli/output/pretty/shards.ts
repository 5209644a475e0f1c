import type { ShardsResult } from '../../../run/results.js';
import { formatDuration } from '../duration.js';
import { type Page, page, type View } from '../page.js';
import { alignRows, counted } from '../text.js';
import { errorList } from './error.js';

/** The shards, with what each server says about itself. */
export function renderShards({ shards }: ShardsResult, view: View): Page {
  const { out } = view;
  const tagged = shards.some(({ group, labels }) => group !== null || Object.keys(labels).length > 0);
  const heads = [
    'shard',
    'target',
    'server',
    'schema',
    'role',
    'latency',
    ...(tagged ? ['group, labels'] : []),
  ];
  const rows = shards.map((ping) => [
    ping.protected ? `${ping.shard} ${out.yellow('(protected)')}` : ping.shard,
    ping.target,
    ping.reachable ? (ping.server ?? '') : out.red('unreachable'),
    ping.schema ?? '',
    ping.role ?? '',
    ping.latencyMs === null ? '' : formatDuration(ping.latencyMs),
    ...(tagged ? [tags(ping.group, ping.labels)] : []),
  ]);
  const errors = shards.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const sum = `${counted(shards.length, 'shard')}: ${shards.length - errors.length} reachable`;
  return page([...alignRows([heads.map(out.dim), ...rows]), sum], errorList(errors, view.err, view.verbose));
}

function tags(group: string | null, labels: Readonly<Record<string, string>>): string {
  return [...(group === null ? [] : [group]), ...Object.entries(labels).map(([k, v]) => `${k}=${v}`)].join(
    ', ',
  );
}
