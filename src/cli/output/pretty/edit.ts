import type { EditResult } from '../../../run/results.js';
import { type Page, page, type View } from '../page.js';
import { counted } from '../text.js';
import { errorList } from './error.js';

/** What was changed in the record, shard by shard, and the command that goes on from there. */
export function renderEdit(result: EditResult, view: View): Page {
  const errors = result.shards.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const changed = result.shards.filter(({ changes }) => changes.length > 0);
  const lines = changed.flatMap(({ shard, changes }) =>
    changes.map(({ what }) => (shard === 'default' ? what : `${shard}: ${what}`)),
  );
  return page(errors.length === 0 || changed.length > 0 ? [...lines, ...sum(result, view)] : [], [
    ...errorList(errors, view.err, view.verbose),
  ]);
}

function sum({ shards, dryRun, runId }: EditResult, { out }: View): readonly string[] {
  const changes = shards.flatMap((shard) => shard.changes);
  if (changes.length === 0) return ['nothing had to be changed'];
  const on = shards.filter((shard) => shard.changes.length > 0).length;
  const where = shards.length === 1 ? '' : ` on ${counted(on, 'shard')}`;
  const what = `${counted(changes.length, 'row')}${where}`;
  if (dryRun) return [`${what} would be changed; nothing was written`];
  return [`${out.green(`${what} changed`)} (run ${runId})`, `${out.cyan('next:')} dbpat migrate status`];
}
