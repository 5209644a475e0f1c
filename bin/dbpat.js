#!/usr/bin/env node
let main;
try {
  ({ main } = await import('../dist/cli/main.js'));
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('dbpat is not built here: npm run build\n');
  process.exit(2);
}
process.exitCode = await main(process.argv.slice(2));
// A migration may have left timers or sockets behind: they do not keep the process.
setTimeout(() => process.exit(), 1000).unref();
