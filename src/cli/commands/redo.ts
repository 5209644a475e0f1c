import { command } from '../command.js';
import { count, dryRun, fleetOptions, given, writeOptions } from '../options.js';
import { renderPlan } from '../output/pretty/plan.js';
import { renderRun } from '../output/pretty/run.js';

/** `dbpat migrate redo` */
export const redo = command({
  name: 'migrate redo',
  example: 'dbpat migrate redo --step 1',
  exitCodes: [3, 4, 6, 7, 8, 11, 12],
  options: {
    step: count('--step <n>', 'the newest n migrations of each shard (default: 1)'),
    dryRun,
    ...writeOptions,
    ...fleetOptions,
  },
  run: async ({ options, migrator, show }) => {
    const request = given({ shards: options.shard, steps: options.step });
    const fleet = await migrator();
    if (options.dryRun) {
      const plan = await fleet.plan({ ...request, direction: 'down' });
      return show({ ...plan, command: 'migrate redo' }, renderPlan);
    }
    return show(await fleet.redo({ ...request, ...given({ yes: options.yes }) }), renderRun);
  },
});
