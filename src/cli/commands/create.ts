import type { Result } from '../../run/results.js';
import { command } from '../command.js';
import { configOptions, flag, outputOptions } from '../options.js';
import { page, type Render } from '../output/page.js';

interface CreateResult extends Result {
  readonly path: string;
}

const renderCreated: Render<CreateResult> = ({ path }) => page([path]);

/** `dbpat migrate create` */
export const create = command({
  name: 'migrate create',
  args: '<description...>',
  example: 'dbpat migrate create add orders table',
  exitCodes: [],
  options: {
    sql: flag('--sql', 'an SQL file with an up and a down section (default)', { conflicts: ['ts'] }),
    ts: flag('--ts', 'a TypeScript module with an up and a down function'),
    ...configOptions,
    ...outputOptions,
  },
  run: async ({ args, options, migrator, show }) => {
    const fleet = await migrator();
    const { path } = await fleet.create(args.join(' '), options.ts ? 'ts' : 'sql');
    return show({ command: 'migrate create', ok: true, exitCode: 0, path }, renderCreated);
  },
});
