import { command } from '../command.js';
import { flag, fleetOptions, given } from '../options.js';
import { renderStatus } from '../output/pretty/status.js';

/** `dbpat migrate status` */
export const status = command({
  name: 'migrate status',
  example: "dbpat migrate status --shard 'eu-*' --exit-code",
  exitCodes: [5, 6, 8, 11],
  options: {
    exitCode: flag('--exit-code', 'exit 5 when migrations are pending, 6 or 11 when something is wrong'),
    ...fleetOptions,
  },
  run: async ({ options, migrator, show }) => {
    const fleet = await migrator();
    const request = given({ shards: options.shard, exitCode: options.exitCode });
    return show(await fleet.status(request), renderStatus);
  },
});
