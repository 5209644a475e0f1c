import { DbpatError } from '../../errors.js';
import { command } from '../command.js';
import { flag, fleetOptions, given, text } from '../options.js';
import { renderPlan } from '../output/pretty/plan.js';
import { downTargets } from './down.js';
import { through } from './up.js';

/** `dbpat migrate plan` */
export const plan = command({
  name: 'migrate plan',
  example: 'dbpat migrate plan --out release.plan && dbpat migrate up --plan release.plan',
  exitCodes: [5, 6, 8, 11, 12],
  options: {
    down: flag('--down', 'what down would do', { conflicts: ['allowOutOfOrder'] }),
    to: text('--to <version>', 'up to this version, inclusive; with --down: this version stays', {
      conflicts: ['step', 'all', 'run'],
    }),
    step: { ...downTargets.step, description: 'the next n migrations of each shard' },
    all: { ...downTargets.all, description: 'with --down: everything' },
    run: { ...downTargets.run, description: 'with --down: everything that this run applied' },
    through: { ...through, conflicts: ['down'] },
    acceptDataLoss: flag('--accept-data-loss', 'with --down: also take back a contract that has no down'),
    allowOutOfOrder: flag('--allow-out-of-order', 'also those older than the newest applied one'),
    out: text('--out <file>', 'write the plan for `up --plan` or `down --plan`'),
    exitCode: flag('--exit-code', 'exit 5 when there is something to run'),
    ...fleetOptions,
  },
  check: ({ down, all, run, acceptDataLoss }) => {
    if (down || !(all || run || acceptDataLoss)) return;
    const option = all ? '--all' : run ? '--run <run>' : '--accept-data-loss';
    throw new DbpatError('usage', `option '${option}' needs --down`, {
      hint: 'dbpat migrate plan --help',
    });
  },
  run: async ({ options, migrator, show }) => {
    const fleet = await migrator();
    const common = given({
      shards: options.shard,
      to: options.to,
      steps: options.step,
      out: options.out,
      exitCode: options.exitCode,
    });
    const result = options.down
      ? await fleet.plan({
          ...common,
          ...given({ all: options.all, run: options.run, acceptDataLoss: options.acceptDataLoss }),
          direction: 'down',
        })
      : await fleet.plan({
          ...common,
          ...given({ allowOutOfOrder: options.allowOutOfOrder, through: options.through }),
          direction: 'up',
        });
    return show(result, renderPlan);
  },
});
