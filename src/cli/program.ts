import { Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander';
import { DbpatError, toDbpatError } from '../errors.js';
import type { Command, CommandEntry, OptionSpecs } from './command.js';
import { commands } from './commands/index.js';
import { type Console, createConsole } from './console.js';
import { commandHelp, groupHelp, rootHelp } from './help.js';
import type { Host } from './host.js';
import { run } from './run.js';
import { version } from './version.js';

/** Answers a command line. @returns the exit code */
export async function runCli(written: readonly string[], host: Host): Promise<number> {
  const argv = written[0] === 'help' ? [...written.slice(1), '--help'] : written;
  const terminal = await createConsole(host, {
    json: argv.includes('--json'),
    quiet: argv.includes('--quiet'),
    verbose: argv.includes('--verbose'),
    noColour: argv.includes('--no-color'),
    eventsOnStdout: argv.includes('--events=-') || argv[argv.indexOf('--events') + 1] === '-',
  });
  const entry = findEntry(argv);
  try {
    const parsed = await parse(argv, entry, terminal);
    if (typeof parsed === 'number') return parsed;
    const { spec, args, options } = parsed;
    return await run({ spec, args, options, host, terminal });
  } catch (thrown) {
    return terminal.fail(entry?.name ?? wordsOf(argv).join(' '), unexpected(toDbpatError(thrown)));
  }
}

interface Parsed {
  readonly spec: Command;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** @throws DbpatError `usage` */
async function parse(
  argv: readonly string[],
  entry: CommandEntry | undefined,
  terminal: Console,
): Promise<Parsed | number> {
  let parsed: Parsed | undefined;
  const root = branch('dbpat', terminal).version(version, '-V, --version', 'print the version');
  root.helpInformation = () => rootHelp(commands);
  const branches = new Map<string, Commander>();
  for (const one of commands) {
    const words = one.name.split(' ');
    const parent =
      words.length === 1 ? root : (branches.get(words[0]!) ?? addBranch(root, words[0]!, terminal));
    if (words.length === 2) branches.set(words[0]!, parent);
    const node = branch(words.at(-1)!, terminal).description(one.summary);
    parent.addCommand(node);
    if (one !== entry) continue;
    const spec = one.command;
    node.usage(`${one.args === undefined ? '' : `${one.args} `}[options]`);
    if (one.args !== undefined) node.argument(one.args);
    for (const option of optionsOf(spec.options)) node.addOption(option);
    node.addHelpText('after', () => commandHelp(spec));
    node.action(() => {
      const options = node.opts();
      if (options.color === true) delete options.color;
      parsed = { spec, args: node.args, options };
    });
  }
  try {
    await root.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return 0;
    if (thrown.code === 'commander.help') return 2;
    throw usageError(thrown, helpFor(argv, entry));
  }
  parsed?.spec.check?.(parsed.options as never);
  return parsed ?? 2;
}

/** Exits and prints nothing by itself; the settings do not pass to commands that are added, so each gets them. */
function branch(name: string, terminal: Console): Commander {
  return new Commander(name)
    .exitOverride()
    .helpCommand(false)
    .helpOption('-h, --help', 'print this help')
    .configureOutput({
      writeOut: (text) => terminal.stdout.line(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.stderr.line(text.replace(/\n$/, '')),
      outputError: () => {},
      getOutHelpWidth: () => Math.min(110, terminal.stdout.isTTY ? terminal.view.width : 100),
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function addBranch(root: Commander, name: string, terminal: Console): Commander {
  const node = branch(name, terminal);
  node.helpInformation = () => groupHelp(name, commands);
  root.addCommand(node);
  return node;
}

function optionsOf(specs: OptionSpecs): readonly Option[] {
  return Object.values(specs).map((spec) => {
    const option = new Option(spec.flags, spec.description);
    const { parse: parseOne } = spec;
    if (spec.group !== undefined) option.helpGroup(spec.group);
    if (spec.conflicts !== undefined) option.conflicts([...spec.conflicts]);
    if (parseOne === undefined) return option;
    return option.argParser((written: string, previous: unknown) => {
      const value = parsedOr(written, parseOne);
      return spec.repeatable ? [...((previous as readonly unknown[] | undefined) ?? []), value] : value;
    });
  });
}

function parsedOr(written: string, parseOne: (text: string) => unknown): unknown {
  try {
    return parseOne(written);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function helpFor(argv: readonly string[], entry: CommandEntry | undefined): string {
  if (entry !== undefined) return `dbpat ${entry.name} --help`;
  const [group] = argv;
  return commands.some(({ name }) => name.startsWith(`${group} `)) ? `dbpat ${group} --help` : 'dbpat --help';
}

function usageError(thrown: CommanderError, help: string): DbpatError {
  const [message, guess] = thrown.message.replace(/^error: /, '').split('\n');
  const meant = guess === undefined ? undefined : /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(guess)?.[1];
  return new DbpatError('usage', message!, {
    hint: meant === undefined ? help : `did you mean ${meant}? (${help})`,
  });
}

function unexpected(error: DbpatError): DbpatError {
  if (error.code !== 'internal') return error;
  return new DbpatError('internal', `internal error: ${error.message}`, {
    cause: error.cause ?? error,
    hint: 'this is a bug: report it with the command line, `dbpat --version` and what --verbose prints',
  });
}

/** The words before the first option. */
function wordsOf(argv: readonly string[]): readonly string[] {
  const end = argv.findIndex((word) => word.startsWith('-'));
  return (end === -1 ? argv : argv.slice(0, end)).slice(0, 2);
}

function findEntry(argv: readonly string[]): CommandEntry | undefined {
  const words = wordsOf(argv);
  return commands.find(({ name }) => name === words.join(' ') || name === words[0]);
}
