import type { Migrator } from '../run/migrator.js';
import type { Result } from '../run/results.js';
import type { Host } from './host.js';
import type { Render } from './output/page.js';

/** One option of a command: how it is written and what its text means. */
export interface OptionSpec<T = unknown> {
  /** As commander writes it: `--step <n>`. */
  readonly flags: string;
  readonly description: string;
  /** Heading in the help. Default: the command's own options. */
  readonly group?: string;
  readonly repeatable?: true;
  /** Names (keys) of options that exclude this one. */
  readonly conflicts?: readonly string[];
  /** Absent: a switch. @throws Error with what would be right */
  readonly parse?: (text: string) => T extends readonly (infer Item)[] ? Item : T;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec<any>>>;

/** What was given for each option; undefined where nothing was. */
export type Values<S extends OptionSpecs> = {
  readonly [K in keyof S]: (S[K] extends OptionSpec<infer T> ? T : never) | undefined;
};

export interface CommandContext<S extends OptionSpecs> {
  readonly args: readonly string[];
  readonly options: Values<S>;
  readonly host: Host;
  /** Loads the config, once. @throws DbpatError */
  migrator(): Promise<Migrator>;
  /** Prints a result, as JSON where that was asked for; returns its exit code. */
  show<R extends Result>(result: R, render: Render<R>): number;
}

export interface CommandSpec<S extends OptionSpecs> {
  /** As typed: `migrate up`. */
  readonly name: string;
  /** As commander writes it: `<description...>`. */
  readonly args?: string;
  readonly options: S;
  /** One real command line. */
  readonly example: string;
  /** Those a caller should tell apart, besides 0, 1 and 2. */
  readonly exitCodes: readonly number[];
  /** What the options do not say by themselves. @throws DbpatError `usage` */
  readonly check?: (options: Values<S>) => void;
  readonly run: (context: CommandContext<S>) => Promise<number>;
}

/** A command whose options are known to itself only. */
export type Command = CommandSpec<any>;

/** The command itself; ties the type of its values to its options. */
export function command<S extends OptionSpecs>(spec: CommandSpec<S>): Command {
  return spec;
}

/** A row of the table of commands. */
export interface CommandEntry {
  readonly name: string;
  readonly args?: string;
  readonly summary: string;
  /** What the user wants to do. */
  readonly task: string;
  readonly command: Command;
}
