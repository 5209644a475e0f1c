import type { DbpatError } from '../errors.js';
import { errorReport, type Result } from '../run/results.js';
import type { Host } from './host.js';
import { cleanText, mapTexts } from './output/clean.js';
import { colourLevel, createPaint } from './output/colour.js';
import { jsonLine, resultLine } from './output/json.js';
import type { Render, View } from './output/page.js';
import { errorLines } from './output/pretty/error.js';
import { createRedactor, type Redactor } from './output/redact.js';
import { createSink, type Sink } from './output/sink.js';

/** What decides how a command line is answered. */
export interface ConsoleOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColour: boolean;
  /** Events take stdout: what is for people goes to stderr. */
  readonly eventsOnStdout: boolean;
}

/** Both streams of the process, with everything that is printed on them going through one place. */
export interface Console {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly view: View;
  readonly redactor: Redactor;
  show<R extends Result>(result: R, render: Render<R>): number;
  /** @returns the error's exit code */
  fail(command: string, error: DbpatError): number;
}

export async function createConsole(host: Host, options: ConsoleOptions): Promise<Console> {
  const redactor = createRedactor();
  for (const [name, value] of Object.entries(host.env)) redactor.addVariable(name, value);
  const stdout = createSink(host.stdout, redactor);
  const stderr = createSink(host.stderr, redactor);
  const level = (sink: Sink) => colourLevel({ refused: options.noColour, env: host.env, isTTY: sink.isTTY });
  const result = options.eventsOnStdout ? stderr : stdout;
  const view: View = {
    out: await createPaint(level(result)),
    err: await createPaint(level(stderr)),
    width: result.width,
    quiet: options.quiet,
    verbose: options.verbose,
  };
  return {
    stdout,
    stderr,
    view,
    redactor,
    show: (answer, render) => {
      if (options.json) stdout.raw(`${resultLine(answer, redactor)}\n`);
      else {
        const page = render(mapTexts(answer, cleanText), view);
        for (const line of page.stderr) stderr.line(line);
        for (const line of page.stdout) result.line(line);
      }
      return answer.exitCode;
    },
    fail: (command, error) => {
      const report = errorReport(error);
      if (options.json) {
        const { exitCode } = error;
        stdout.raw(`${jsonLine({ command, ok: false, exitCode, error: report }, redactor)}\n`);
        return exitCode;
      }
      for (const line of errorLines(mapTexts(report, cleanText), view.err)) stderr.line(line);
      if (options.verbose) for (const line of causes(error)) stderr.line(view.err.dim(cleanText(line)));
      return error.exitCode;
    },
  };
}

function causes(error: DbpatError): readonly string[] {
  const { cause } = error;
  if (cause === undefined) return [];
  return (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
    .split('\n')
    .map((line) => `  ${line}`);
}
