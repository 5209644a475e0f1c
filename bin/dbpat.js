#!/usr/bin/env node
let main;
try {
  ({ main } = await import('../dist/cli/main.js'));
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('dbpat is not built here: npm run build\n');
  process.exit(2);
}
const stuck = () => {
  process.stderr.write(
    'error: a migration waits for a promise that nothing will settle; it is not recorded\n',
  );
  process.exitCode = 3;
};
process.once('exit', stuck);
process.exitCode = await main(process.argv.slice(2));
process.off('exit', stuck);
// A migration may have left timers or sockets behind: they do not keep the process.
setTimeout(() => process.exit(), 1000).unref();
