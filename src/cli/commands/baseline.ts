import { command } from '../command.js';
import { fleetOptions, given, text, writeOptions } from '../options.js';
import { renderEdit } from '../output/pretty/edit.js';
import { editDryRun } from './repair.js';

/** `dbpat migrate baseline` */
export const baseline = command({
  name: 'migrate baseline',
  example: "dbpat migrate baseline 0012 --reason 'made by hand before dbpat'",
  exitCodes: [4, 6, 7, 8, 11, 12],
  options: {
    reason: text('--reason <text>', 'why; goes into the log'),
    dryRun: editDryRun,
    ...writeOptions,
    ...fleetOptions,
  },
  run: async ({ args, options, migrator, show }) => {
    const fleet = await migrator();
    const result = await fleet.baseline({
      version: args[0]!,
      ...given({
        reason: options.reason,
        shards: options.shard,
        yes: options.yes,
        dryRun: options.dryRun,
      }),
    });
    return show(result, renderEdit);
  },
});
