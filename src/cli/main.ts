import { version } from './version.js';

/**
 * The command line. Writes to stdout and stderr; never exits the process itself, except on a second signal.
 * @returns the exit code (SPEC section 5)
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [only] = argv;
  if (argv.length === 1 && (only === '--version' || only === '-V' || only === 'version')) {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const [{ runCli }, { processHost }, { createRedactor }, { cleanOutput, cleanText }] = await Promise.all([
    import('./program.js'),
    import('./host.js'),
    import('./output/redact.js'),
    import('./output/clean.js'),
  ]);
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
