import { command } from '../command.js';
import { fleetOptions, given, text } from '../options.js';
import { renderLog } from '../output/pretty/log.js';

/** `dbpat migrate log` */
export const log = command({
  name: 'migrate log',
  example: 'dbpat migrate log --shard eu-1',
  exitCodes: [8],
  options: { run: text('--run <run>', 'only this run'), ...fleetOptions },
  run: async ({ options, migrator, show }) => {
    const fleet = await migrator();
    return show(await fleet.log(given({ shards: options.shard, run: options.run })), renderLog);
  },
});
