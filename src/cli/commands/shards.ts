import { command } from '../command.js';
import { fleetOptions, given } from '../options.js';
import { renderShards } from '../output/pretty/shards.js';

/** `dbpat shards` */
export const shards = command({
  name: 'shards',
  example: 'dbpat shards --shard group:eu',
  exitCodes: [8],
  options: fleetOptions,
  run: async ({ options, migrator, show }) => {
    const fleet = await migrator();
    return show(await fleet.shards(given({ shards: options.shard })), renderShards);
  },
});
