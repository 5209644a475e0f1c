import { command } from '../command.js';
import { count, dryRun, flag, fleetOptions, given, text, writeOptions } from '../options.js';
import { renderPlan } from '../output/pretty/plan.js';
import { renderRun } from '../output/pretty/run.js';

/** What `down` reverts; exactly one of these, or none for the newest migration. */
export const downTargets = {
  step: count('--step <n>', 'the newest n migrations of each shard, each with its phases (default: 1)', {
    conflicts: ['to', 'all', 'run'],
  }),
  to: text('--to <version>', 'everything newer than this version, which stays', {
    conflicts: ['all', 'run'],
  }),
  all: flag('--all', 'everything', { conflicts: ['run'] }),
  run: text('--run <run>', 'everything that this run applied'),
};

/** `dbpat migrate down` */
export const down = command({
  name: 'migrate down',
  example: 'dbpat migrate down --step 2 --dry-run',
  exitCodes: [3, 4, 6, 7, 8, 11, 12],
  options: {
    ...downTargets,
    acceptDataLoss: flag('--accept-data-loss', 'also take back a contract that has no down'),
    plan: text('--plan <file>', 'run exactly what `plan --down --out` wrote, or nothing', {
      conflicts: ['dryRun'],
    }),
    dryRun,
    ...writeOptions,
    ...fleetOptions,
  },
  run: async ({ options, migrator, show }) => {
    const request = given({
      shards: options.shard,
      steps: options.step,
      to: options.to,
      all: options.all,
      run: options.run,
      acceptDataLoss: options.acceptDataLoss,
    });
    const fleet = await migrator();
    if (options.dryRun) {
      const plan = await fleet.plan({ ...request, direction: 'down' });
      return show({ ...plan, command: 'migrate down' }, renderPlan);
    }
    const consent = given({ yes: options.yes, planFile: options.plan });
    return show(await fleet.down({ ...request, ...consent }), renderRun);
  },
});
