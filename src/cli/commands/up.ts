import { command } from '../command.js';
import { choice, count, dryRun, flag, fleetOptions, given, runId, text, writeOptions } from '../options.js';
import { renderPlan } from '../output/pretty/plan.js';
import { renderRun } from '../output/pretty/run.js';

/** How far `up` runs the phases of phased migrations. */
export const through = choice(
  '--through <phase>',
  'last phase that is run: expand or backfill (default: backfill)',
  ['expand', 'backfill'],
);

/** `dbpat migrate up` */
export const up = command({
  name: 'migrate up',
  example: 'dbpat migrate up --to 0012',
  exitCodes: [3, 4, 6, 7, 8, 10, 11, 12],
  options: {
    to: text('--to <version>', 'up to this version, inclusive', { conflicts: ['step'] }),
    step: count('--step <n>', 'only the next n migrations of each shard'),
    through,
    resume: runId('--resume <run>', 'go on under the id of an earlier run'),
    allowOutOfOrder: flag('--allow-out-of-order', 'also those older than the newest applied one'),
    plan: text('--plan <file>', 'run exactly what `plan --out` wrote, or nothing', { conflicts: ['dryRun'] }),
    dryRun,
    ...writeOptions,
    ...fleetOptions,
  },
  run: async ({ options, migrator, show }) => {
    const request = given({
      shards: options.shard,
      to: options.to,
      steps: options.step,
      allowOutOfOrder: options.allowOutOfOrder,
      through: options.through,
    });
    const fleet = await migrator();
    if (options.dryRun) {
      const plan = await fleet.plan({ ...request, direction: 'up' });
      return show({ ...plan, command: 'migrate up' }, renderPlan);
    }
    const consent = given({ yes: options.yes, planFile: options.plan, resume: options.resume });
    return show(await fleet.up({ ...request, ...consent }), renderRun);
  },
});
