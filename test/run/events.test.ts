import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createDatabase, kinds } from '../support/databases.js';
import { project } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

it.each(kinds)(
  'F153 F155 events on %s say which step they are about, and hold nothing of its text',
  async (kind) => {
    const db = await createDatabase(kind);
    open.push(() => db.drop());
    const shop = project({
      'dbpat.config.json': JSON.stringify({ shards: [{ name: 'main', url: db.url }] }),
      'migrations/1_t.sql': `create table t (id integer, name varchar(20));
insert into t values (1, 'hush');
-- ${'x'.repeat(100_000)}
insert into t values (2, 'hush');
`,
      'migrations/2_m.ts': `export async function up(db: any) { await db.insertInto('t').values({ id: 3, name: 'hush' }).execute(); }\n`,
    });
    open.push(() => shop.remove());
    const { exitCode } = await runCli(['migrate', 'up', '--events', 'events.ndjson'], { cwd: shop.path });
    expect(exitCode).toBe(0);
    const text = readFileSync(join(shop.path, 'events.ndjson'), 'utf8');
    expect(text).not.toContain('hush');
    const lines = text.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(64 * 1024);
    const events = lines.map((line) => JSON.parse(line));
    expect(events.filter(({ type }) => type === 'statement').length).toBeGreaterThanOrEqual(4);
    for (const { step } of events.filter((event) => 'step' in event))
      expect(Object.keys(step).sort()).toEqual(['description', 'direction', 'phase', 'version']);
  },
);
