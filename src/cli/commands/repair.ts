import { DbpatError } from '../../errors.js';
import type { RepairAction } from '../../plan/repair.js';
import { command } from '../command.js';
import { flag, fleetOptions, given, text, writeOptions } from '../options.js';
import { renderEdit } from '../output/pretty/edit.js';

const actions = ['accept', 'applied', 'reverted', 'resume'] as const satisfies readonly RepairAction[];

/** Of commands that correct the record. */
export const editDryRun = flag('--dry-run', 'say what would be changed and write nothing');

/** `dbpat migrate repair` */
export const repair = command({
  name: 'migrate repair',
  example: "dbpat migrate repair --accept 0003 --reason 'comment reworded'",
  exitCodes: [4, 6, 7, 8, 11, 12],
  options: {
    accept: text('--accept <version>', 'the file as it is now counts as applied', {
      conflicts: ['applied', 'reverted', 'resume'],
    }),
    applied: text('--applied <version>', 'it took effect: record it without running it; also V:PHASE', {
      conflicts: ['reverted', 'resume'],
    }),
    reverted: text('--reverted <version>', 'it did not take effect: take its record back; also V:PHASE', {
      conflicts: ['resume'],
    }),
    resume: text('--resume <version>', 'the statement under way did not take effect: run it again'),
    reason: text('--reason <text>', 'why; goes into the log (required)'),
    dryRun: editDryRun,
    ...writeOptions,
    ...fleetOptions,
  },
  check: (options) => {
    const hint = "dbpat migrate repair --accept VERSION --reason 'TEXT'";
    if (actions.every((action) => options[action] === undefined)) {
      throw new DbpatError('usage', 'one of --accept, --applied, --reverted and --resume is needed', {
        hint,
      });
    }
    if (options.reason === undefined)
      throw new DbpatError('usage', "option '--reason <text>' is needed", { hint });
  },
  run: async ({ options, migrator, show }) => {
    const action = actions.find((one) => options[one] !== undefined)!;
    const fleet = await migrator();
    const result = await fleet.repair({
      action,
      version: options[action]!,
      reason: options.reason!,
      ...given({ shards: options.shard, yes: options.yes, dryRun: options.dryRun }),
    });
    return show(result, renderEdit);
  },
});
