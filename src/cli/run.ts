import { DbpatError } from '../errors.js';
import type { Emit } from '../events.js';
import type { Migrator, MigratorOptions } from '../run/migrator.js';
import type { Command, Values } from './command.js';
import { ask, canAsk } from './confirm.js';
import type { Console } from './console.js';
import type { Host } from './host.js';
import {
  type configOptions,
  type fleetOptions,
  given,
  type outputOptions,
  type writeOptions,
} from './options.js';
import type { EventLog } from './output/events.js';
import { createProgress } from './output/progress.js';
import { canSpin, createSpinner } from './output/spinner.js';
import { stopOnSignals } from './signals.js';
import { version } from './version.js';

type Shared = Partial<
  Values<typeof fleetOptions & typeof writeOptions & typeof configOptions & typeof outputOptions>
>;

export interface RunOptions {
  readonly spec: Command;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly host: Host;
  readonly terminal: Console;
}

/** Runs a command with everything around it: progress, events, signals, questions. @throws DbpatError */
export async function run({ spec, args, options, host, terminal }: RunOptions): Promise<number> {
  const shared = options as Shared;
  const { redactor, stdout, stderr, view } = terminal;
  if (shared.json && shared.events === '-') {
    throw new DbpatError(
      'usage',
      "option '--json' cannot be used with option '--events -': both take stdout",
      {
        hint: '--events FILE',
      },
    );
  }
  if (shared.url !== undefined) redactor.addVariable('--url', shared.url);
  const progress = createProgress({
    sink: stderr,
    redactor,
    paint: view.err,
    verbose: view.verbose,
    quiet: view.quiet,
    ...(canSpin(host.stderr, host.env) ? { spinner: () => createSpinner(host.stderr) } : {}),
  });
  const stopping = stopOnSignals(host, spec.name, progress.say, progress.stop);
  let events: EventLog | undefined;
  let migrator: Promise<Migrator> | undefined;
  const open = async (): Promise<Migrator> => {
    if (shared.events !== undefined) {
      const { openEventLog } = await import('./output/events.js');
      events = openEventLog(shared.events, redactor, stdout.raw);
    }
    const emit: Emit = (event) => {
      events?.emit(event);
      progress.emit(event);
    };
    const { createMigrator } = await import('../run/create-migrator.js');
    return createMigrator({
      ...migratorOptions(shared, host, terminal),
      emit,
      signal: stopping.signal,
      ...questions(host, progress, stopping.signal),
    });
  };
  try {
    return await spec.run({
      args,
      options: options as never,
      host,
      migrator: () => {
        migrator ??= open();
        return migrator;
      },
      show: (result, render) => {
        progress.stop();
        return terminal.show(result, render);
      },
    });
  } finally {
    progress.stop();
    stopping.release();
    events?.close();
  }
}

function migratorOptions(shared: Shared, host: Host, { redactor }: Console): MigratorOptions {
  return {
    cwd: host.cwd,
    env: host.env,
    setEnv: (name, value) => {
      host.env[name] = value;
      redactor.addVariable(name, value);
    },
    toolVersion: version,
    ...given({
      config: shared.config,
      url: shared.url,
      environment: shared.env,
      envFile: shared.envFile,
      concurrency: shared.concurrency,
      perHost: shared.perHost,
      lockWaitMs: shared.lockWait,
      waitForMs: shared.waitFor,
    }),
  };
}

function questions(
  host: Host,
  progress: { say(text: string): void; pause(): void },
  signal: AbortSignal,
): Pick<MigratorOptions, 'confirm'> {
  if (!canAsk(host)) return {};
  return {
    confirm: (question) => {
      progress.pause();
      return ask(host, question, progress.say, signal);
    },
  };
}
