import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Walks a newcomer through the example: each command, its output, and what to look at. */
const here = fileURLToPath(new URL('.', import.meta.url));
const bin = fileURLToPath(new URL('../bin/dbpat.js', import.meta.url));

const walk = [
  [
    'migrate status',
    'Three shards, nothing applied yet. Status has written nothing: the database files do not exist.',
  ],
  [
    'migrate up',
    'Five migrations on each shard: TypeScript, SQL, a folder, a variant per dialect, and rows.',
  ],
  ['migrate status', 'Each shard holds this truth itself, in its table schema_migrations.'],
  ['migrate down --step 2', 'The newest two came down again, newest first.'],
  ['migrate up', 'And up again: only what was missing has run.'],
];

rmSync(`${here}data`, { recursive: true, force: true });
mkdirSync(`${here}data`);
for (const [command, look] of walk) {
  console.log(`\n$ dbpat ${command}`);
  const { status } = spawnSync(process.execPath, [bin, ...command.split(' ')], {
    cwd: here,
    stdio: 'inherit',
  });
  if (status !== 0) {
    console.error(`dbpat ${command} ended with ${status}`);
    process.exit(1);
  }
  console.log(`  > ${look}`);
}
console.log(`
The databases are in migrations-example/data. Go on by hand, in that folder:
  npx dbpat migrate plan --down
  npx dbpat migrate log
  edit migrations/0002_create_orders.sql, then: npx dbpat migrate up`);
