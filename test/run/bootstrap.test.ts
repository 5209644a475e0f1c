import { expect, it } from 'vitest';
import { createDatabase, products } from '../support/databases.js';
import { project } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

it.each(products)(
  'F1 F16 eight first runs at once on an empty %s: all end well, each migration runs once',
  async (kind) => {
    const db = await createDatabase(kind);
    const shop = project({
      'dbpat.config.json': JSON.stringify({ shards: [{ name: 'main', url: db.url }], lock: { wait: '50s' } }),
      'migrations/1_witness.sql': 'create table witness (version integer);',
      'migrations/2_row.sql': 'insert into witness values (2);',
      'migrations/3_row.sql': 'insert into witness values (3);',
    });
    try {
      const runs = await Promise.all(
        Array.from({ length: 8 }, () => runCli(['migrate', 'up'], { cwd: shop.path })),
      );
      expect(runs.map((run) => [run.exitCode, run.exitCode === 0 ? '' : run.stderr])).toEqual(
        Array(8).fill([0, '']),
      );
      expect(await db.query('select version from witness order by version')).toEqual([
        { version: 2 },
        { version: 3 },
      ]);
      const applied = await db.query(
        "select version from schema_migrations_log where event = 'apply' order by seq",
      );
      expect(applied.map((line) => line.version)).toEqual(['1', '2', '3']);
    } finally {
      shop.remove();
      await db.drop();
    }
  },
);
