import type { OutStream } from './host.js';

/**
 * Standard output for results alone. What anything else in the process prints there, a migration's `console.log` among
 * it, goes to standard error from now on.
 */
export function takeStdout(): OutStream {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  return {
    get isTTY() {
      return stdout.isTTY;
    },
    get columns() {
      return stdout.columns;
    },
    write,
    on: (event, listener) => stdout.on(event, listener),
  };
}
