import { createJiti } from 'jiti';

/** Installs the servers that the tests need and this machine lacks, where it may, and builds the program they run. */
try {
  const { installServers } = await createJiti(import.meta.url).import('../test/support/servers/install.ts');
  installServers();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
await import('./build.mjs');
