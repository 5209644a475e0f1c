import type { RepairResult } from '../../../run/results.js';
import { type Page, page, type View } from '../page.js';
import { counted } from '../text.js';
import { errorList } from './error.js';

/** What was changed in the record, shard by shard. */
export function renderRepair(result: RepairResult, view: View): Page {
  const errors = result.shards.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const changed = result.shards.filter(({ changes }) => changes.length > 0);
  const lines = changed.flatMap(({ shard, changes }) =>
    changes.map((change) => (shard === 'default' ? change : `${shard}: ${change}`)),
  );
  const sum =
    changed.length === 0
      ? 'nothing had to be changed'
      : `repaired ${counted(changed.length, 'shard')} (run ${result.runId})`;
  return page(errors.length === 0 || changed.length > 0 ? [...lines, sum] : [], [
    ...errorList(errors, view.err, view.verbose),
  ]);
}
