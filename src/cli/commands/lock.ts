import { DbpatError } from '../../errors.js';
import { command } from '../command.js';
import { flag, fleetOptions, given, text, writeOptions } from '../options.js';
import { renderLocks, renderRelease } from '../output/pretty/lock.js';

/** `dbpat lock show` */
export const lockShow = command({
  name: 'lock show',
  example: 'dbpat lock show --shard eu-1',
  exitCodes: [8],
  options: fleetOptions,
  run: async ({ options, migrator, show }) => {
    const fleet = await migrator();
    return show(await fleet.locks(given({ shards: options.shard })), renderLocks);
  },
});

/** `dbpat lock release` */
export const lockRelease = command({
  name: 'lock release',
  example: "dbpat lock release --shard eu-1 --reason 'its pod is gone'",
  exitCodes: [4, 7, 8, 12],
  options: {
    reason: text('--reason <text>', 'why; goes into the log (required)'),
    terminate: flag('--terminate', 'also from a holder that is alive: end its session'),
    ...writeOptions,
    ...fleetOptions,
  },
  check: ({ reason }) => {
    if (reason !== undefined) return;
    throw new DbpatError('usage', "option '--reason <text>' is needed", {
      hint: "dbpat lock release --reason 'TEXT'",
    });
  },
  run: async ({ options, migrator, show }) => {
    const fleet = await migrator();
    const result = await fleet.release({
      reason: options.reason!,
      ...given({ shards: options.shard, terminate: options.terminate, yes: options.yes }),
    });
    return show(result, renderRelease);
  },
});
