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
  const { runProcess } = await import('./process.js');
  return runProcess(argv);
}
