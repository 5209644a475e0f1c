import type { Shard } from '../config/config.js';
import { type ErrorCode, exitCodes } from '../errors.js';
import { lostProblem } from '../plan/lost.js';
import { compareShards, findProblems } from '../plan/verify.js';
import { atShard, type RunContext } from './context.js';
import { errorReport, type VerifyResult } from './results.js';
import { readFleet } from './status.js';

const order = [11, 6, 7, 8, 3];

/** Histories against the folder and against each other. Never writes. */
export async function verifyFleet(context: RunContext, shards: readonly Shard[]): Promise<VerifyResult> {
  const reads = await readFleet(context, shards);
  const reports = reads.map(({ shard, reading, error }) => {
    const status = reading?.status ?? [];
    const lost = reading?.lost ?? [];
    const problems = [
      ...(lost.length === 0 ? [] : [lostProblem(lost, status, atShard(context, shard))]),
      ...findProblems(status),
    ];
    const cosmetic = status.filter((entry) => entry.edit?.cosmetic).map((entry) => entry.version);
    return {
      shard: shard.name,
      applied: reading?.rows.length ?? 0,
      ok: problems.length === 0 && error === undefined,
      problems,
      warnings: cosmetic.length === 0 ? [] : [`edited in comments or layout only: ${cosmetic.join(', ')}`],
      ...(error === undefined ? {} : { error: errorReport(error) }),
    };
  });
  const differences = compareShards(
    reads.flatMap(({ shard, reading }) =>
      reading === undefined ? [] : [{ shard: shard.name, status: reading.status }],
    ),
  );
  const codes = [
    ...reports.flatMap((report) => [
      ...report.problems.map((problem) => problem.code),
      ...(report.error === undefined ? [] : [report.error.code]),
    ]),
    ...(differences.length === 0 ? [] : ['shards_differ']),
  ].map((code) => exitCodes[code as ErrorCode]);
  const exitCode =
    order.find((code) => codes.includes(code as (typeof codes)[number])) ?? Math.max(0, ...codes);
  return { command: context.command, ok: exitCode === 0, exitCode, shards: reports, differences };
}
