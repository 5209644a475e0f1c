import type { VerifyResult } from '../../../run/results.js';
import { colourDiff } from '../diff.js';
import { type Page, page, type View } from '../page.js';
import { counted } from '../text.js';
import { errorList, warningLines } from './error.js';

/** Everything that is wrong with the histories, each with its way out. */
export function renderVerify(result: VerifyResult, view: View): Page {
  const { out } = view;
  const several = result.shards.length > 1;
  const lines: string[] = [];
  for (const { shard, problems } of result.shards) {
    for (const problem of problems) {
      lines.push(`${out.red('✗')} ${several ? `${shard}: ` : ''}${problem.message}`);
      if (problem.diff !== undefined)
        lines.push(...colourDiff(problem.diff, out).map((line) => `    ${line}`));
      if (problem.hint !== undefined) lines.push(`    ${out.cyan('next:')} ${problem.hint}`);
    }
  }
  for (const { message, shards } of result.differences)
    lines.push(`${out.red('✗')} ${message}: ${shards.join(', ')}`);
  const errors = result.shards.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const found =
    result.shards.reduce((sum, { problems }) => sum + problems.length, 0) + result.differences.length;
  const applied = result.shards.reduce((sum, shard) => sum + shard.applied, 0);
  const where = several ? ` on ${counted(result.shards.length, 'shard')}` : '';
  const sum =
    found > 0
      ? out.red(`${counted(found, 'problem')} found${where}`)
      : out.green(`${counted(applied, 'applied migration')} verified${where}`);
  const checked = errors.length < result.shards.length;
  return page(
    [...lines, ...(checked ? [sum] : [])],
    [...warningLines(result.shards, view.err), ...errorList(errors, view.err, view.verbose)],
  );
}
