import { processHost } from './host.js';
import { cleanOutput, cleanText } from './output/clean.js';
import { createRedactor } from './output/redact.js';
import { runCli } from './program.js';

/** The command line in this process, with an eye on promises that nobody waits for. @returns the exit code */
export async function runProcess(argv: readonly string[]): Promise<number> {
  let stray = 0;
  process.on('unhandledRejection', (reason) => {
    const { name, message } = reason instanceof Error ? reason : new Error(String(reason));
    // A query that a migration sent too late was refused, and no harm is done; anything else nobody has looked at.
    if (name !== 'DbpatError') stray = 1;
    const shown = cleanOutput(cleanText(createRedactor().hide(message)));
    process.stderr.write(`warning: a promise failed that nobody waited for: ${shown}\n`);
  });
  return (await runCli(argv, processHost())) || stray;
}
