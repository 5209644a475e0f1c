import { command } from '../command.js';
import { fleetOptions, given } from '../options.js';
import { renderVerify } from '../output/pretty/verify.js';

/** `dbpat migrate verify` */
export const verify = command({
  name: 'migrate verify',
  example: 'dbpat migrate verify --env production',
  exitCodes: [6, 8, 11],
  options: fleetOptions,
  run: async ({ options, migrator, show }) => {
    const fleet = await migrator();
    return show(await fleet.verify(given({ shards: options.shard })), renderVerify);
  },
});
