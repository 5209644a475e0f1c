import { afterEach, describe, expect, it } from 'vitest';
import { createDatabase, type Kind, kinds } from '../support/databases.js';
import { project } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function place(kind: Kind, files: Record<string, string>) {
  const db = await createDatabase(kind);
  open.push(() => db.drop());
  const shop = project({
    'dbpat.config.json': JSON.stringify({ shards: [{ name: 'main', url: db.url }] }),
    'migrations/_keep': '',
    ...files,
  });
  open.push(() => shop.remove());
  const json = async (...args: string[]): Promise<any> => {
    const { exitCode, stderr, ...result } = await runCli([...args, '--json'], { cwd: shop.path });
    return { ...(result.json() as any), exitCode, stderr };
  };
  return { db, shop, json };
}

describe.each(kinds)('a module on %s', (kind) => {
  it('F113 that fails in a query names the line that sent it', async () => {
    const { json } = await place(kind, {
      'migrations/1_x.ts': `interface Row { id: number }

export async function up(db: any) {
  const row: Row = { id: 1 };
  await db
    .insertInto('nowhere').values(row).execute();
}
`,
    });
    const { exitCode, shards } = await json('migrate', 'up');
    const { code, file, line, statement } = shards[0].error;
    expect([exitCode, code, file, line]).toEqual([3, 'migration_failed', 'migrations/1_x.ts', 5]);
    expect(statement).toMatch(/^insert into .nowhere. \(.id.\) values \(/);
    expect(shards[0].error.message).toContain('main: 1 x: migrations/1_x.ts:5');
  });

  it('F113 that fails in a helper names the line of the helper', async () => {
    const { json } = await place(kind, {
      'migrations/1_x.ts': `import { seed } from '../src/seed.js';\nexport const up = (db: any) => seed(db);\n`,
      'src/seed.ts': `import { sql } from 'kysely';

export async function seed(db: any): Promise<void> {
  await sql\`select * from nowhere\`.execute(db);
}
`,
    });
    const { shards } = await json('migrate', 'up');
    expect([shards[0].error.file, shards[0].error.line]).toEqual(['src/seed.ts', 4]);
    expect(shards[0].error.message).toContain('main: 1 x: migrations/1_x.ts: src/seed.ts:4');
  });

  it('F155 that fails over a row does not show the row', async () => {
    const { json } = await place(kind, {
      'migrations/1_x.sql':
        "create table t (id integer, name varchar(20) unique);\ninsert into t values (1, 'hush');\n",
      'migrations/2_y.sql': "insert into t values (2, 'hush');\n",
    });
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.statement]).toEqual([3, "insert into t values (2, '…')"]);
    expect(JSON.stringify(up)).not.toContain('hush');
  });
});

describe.each(['sqlite', 'postgres15', 'postgres18'] as const)('a module in a transaction on %s', (kind) => {
  const module = (statement: string) => ({
    'migrations/1_x.ts': `import { sql } from 'kysely';
export async function up(db: any) {
  await sql\`create table early (id integer)\`.execute(db);
  await sql.raw(\`${statement}\`).execute(db);
}
`,
  });

  it.each(['commit', 'rollback', 'begin', 'end'])(
    'F69 may not %s: it is refused before it is sent',
    async (statement) => {
      const { db, json } = await place(kind, module(statement));
      const up = await json('migrate', 'up');
      expect([up.exitCode, up.shards[0].error.line]).toEqual([3, 4]);
      expect(up.shards[0].error.message).toContain(
        `${statement.toUpperCase()}: dbpat opens and ends the transaction`,
      );
      expect(await db.tables()).not.toContain('early');
    },
  );
});

it('F69 F120 a transaction that has ended behind our back takes no more statements, and asks for a decision', async () => {
  const { db, json } = await place('sqlite', {
    'migrations/1_x.sql': 'create table t (id integer primary key);',
    'migrations/2_y.ts': `import { sql } from 'kysely';
export async function up(db: any) {
  await sql\`create trigger stop before insert on t begin select raise(rollback, 'no'); end\`.execute(db);
  await sql\`insert into t values (1)\`.execute(db).catch(() => {});
  await sql\`create table late (id integer)\`.execute(db).catch(() => {});
}
`,
  });
  const up = await json('migrate', 'up');
  expect([up.exitCode, up.shards[0].error.code]).toEqual([11, 'unfinished']);
  const status = await json('migrate', 'status');
  expect(status.shards[0].migrations[1].state).toBe('failed');
  expect((await json('migrate', 'up')).exitCode).toBe(11);
  expect((await json('migrate', 'repair', '--reverted', '2', '--reason', 'looked')).exitCode).toBe(0);
  expect(await db.tables()).not.toContain('late');
});

it('--json keeps stdout for itself: what a module prints goes to stderr', async () => {
  const { json } = await place('sqlite', {
    'migrations/1_x.ts': `console.log('at import');
export async function up() { console.log('in up'); process.stdout.write('raw\\n'); }
`,
  });
  const { exitCode, stderr } = await json('migrate', 'up');
  expect([
    exitCode,
    stderr
      .split('\n')
      .filter((line: string) => !line.startsWith('main  '))
      .slice(0, 3),
  ]).toEqual([0, ['at import', 'in up', 'raw']]);
});
