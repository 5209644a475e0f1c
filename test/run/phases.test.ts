import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, kinds, type TestDatabase } from '../support/databases.js';
import { project, type TestProject } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const users = `-- migrate:up
create table users (id integer primary key, first varchar(40) not null, last varchar(40) not null);
insert into users values (1, 'Ada', 'Lovelace'), (2, 'Alan', 'Turing');
-- migrate:down
drop table users;
`;
const fullName = `-- migrate:expand
alter table users add column full_name varchar(81);
-- migrate:expand:down
alter table users drop column full_name;
-- migrate:backfill
update users set full_name = first where full_name is null;
-- migrate:contract
alter table users drop column last;
`;
const notes = `import { definePhased, sql } from 'dbpat';
export default definePhased({
  expand: {
    up: (db, ctx) => { ctx.log(\`\${ctx.phase} \${ctx.direction}\`); return db.schema.createTable('notes').addColumn('id', 'integer').execute(); },
    down: (db) => db.schema.dropTable('notes').execute(),
  },
  backfill: { up: (db) => db.insertInto('notes').values({ id: 1 }).execute() },
});
`;

describe.each(kinds)('phases on %s', (kind) => {
  let db: TestDatabase;
  let shop: TestProject;
  const dbpat = (...args: string[]) => runCli(args, { cwd: shop.path });
  const json = async (...args: string[]) => {
    const result = await dbpat(...args, '--json');
    return { exitCode: result.exitCode, ...(result.json() as any) };
  };
  const steps = (result: any) =>
    result.shards[0].steps.map(
      (step: any) => `${step.direction} ${step.version}:${step.phase} ${step.outcome}`,
    );
  const phases = async (index: number) => {
    const status = await json('migrate', 'status', '--exit-code');
    const { state, kind: form, phases: found } = status.shards[0].migrations[index];
    return [
      status.exitCode,
      form,
      state,
      ...found.map((phase: any) => `${phase.phase} ${phase.status}`),
    ].join(', ');
  };
  const ledger = async () =>
    (
      await db.query('select version, phase, status, progress from schema_migrations order by applied_order')
    ).map((row) => [
      row.version,
      row.phase,
      row.status,
      row.progress === null ? null : JSON.parse(row.progress),
    ]);

  beforeAll(async () => {
    db = await createDatabase(kind);
    shop = project({
      'package.json': '{ "type": "module" }',
      'dbpat.config.json': JSON.stringify({ shards: [{ name: 'main', url: db.url }] }),
      'migrations/0001_users.sql': users,
      'migrations/0002_full_name.sql': fullName,
      'migrations/0003_notes.ts': notes,
    });
  });
  afterAll(async () => {
    shop.remove();
    await db.drop();
  });

  it('shows what up would run, phase by phase', async () => {
    const plan = await json('migrate', 'plan');
    expect(
      plan.shards[0].steps.map(({ version, phase, form, statements }: any) => [
        version,
        phase,
        form,
        statements?.length ?? null,
      ]),
    ).toEqual([
      ['0001', 'up', 'sql', 2],
      ['0002', 'expand', 'sql', 1],
      ['0002', 'backfill', 'sql', 1],
      ['0003', 'expand', 'module', null],
      ['0003', 'backfill', 'module', null],
    ]);
    expect(await phases(1)).toBe('5, phased, pending, expand pending, backfill pending, contract pending');
  });

  it('goes up to the expand, then to the gate', async () => {
    const expand = await json('migrate', 'up', '--to', '2', '--through', 'expand');
    expect([expand.exitCode, steps(expand)]).toEqual([0, ['up 0001:up done', 'up 0002:expand done']]);
    expect(await phases(1)).toBe('5, phased, partial, expand applied, backfill pending, contract pending');
    const up = await json('migrate', 'up');
    expect([up.exitCode, steps(up)]).toEqual([
      0,
      ['up 0002:backfill done', 'up 0003:expand done', 'up 0003:backfill done'],
    ]);
    expect(await phases(1)).toBe('0, phased, partial, expand applied, backfill applied, contract pending');
    expect(await phases(2)).toBe('0, phased, applied, expand applied, backfill applied');
    expect(await db.query('select full_name, last from users order by id')).toEqual([
      { full_name: 'Ada', last: 'Lovelace' },
      { full_name: 'Alan', last: 'Turing' },
    ]);
    expect(await ledger()).toEqual([
      ['0001', 'up', 'applied', null],
      ['0002', 'expand', 'applied', { phases: ['expand', 'backfill', 'contract'], tables: [] }],
      ['0002', 'backfill', 'applied', { phases: ['expand', 'backfill', 'contract'], tables: [] }],
      ['0003', 'expand', 'applied', { phases: ['expand', 'backfill'], tables: [] }],
      ['0003', 'backfill', 'applied', { phases: ['expand', 'backfill'], tables: [] }],
    ]);
  });

  it('has nothing to do then', async () => {
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].outcome]).toEqual([0, 'up-to-date']);
    expect((await json('migrate', 'verify')).exitCode).toBe(0);
  });

  it('goes down by migrations and up again', async () => {
    const down = await json('migrate', 'down', '--step', '2');
    expect([down.exitCode, steps(down)]).toEqual([
      0,
      [
        'down 0003:backfill done',
        'down 0003:expand done',
        'down 0002:backfill done',
        'down 0002:expand done',
      ],
    ]);
    expect(await db.query('select * from users where id = 1')).toEqual([
      { id: 1, first: 'Ada', last: 'Lovelace' },
    ]);
    const redone = await json('migrate', 'up', '--to', '2');
    expect(steps(redone)).toEqual(['up 0002:expand done', 'up 0002:backfill done']);
  });

  it('comes down from the stored text when the file is gone', async () => {
    const file = join(shop.path, 'migrations/0004_extra.sql');
    await json('migrate', 'up');
    writeFileSync(
      file,
      '-- migrate:expand\ncreate table extra (id integer);\n-- migrate:expand:down\ndrop table extra;\n-- migrate:contract\nselect 1;\n',
    );
    await json('migrate', 'up');
    shop.delete('migrations/0004_extra.sql');
    expect(await phases(3)).toBe('0, phased, missing, expand applied, contract pending');
    const down = await json('migrate', 'down');
    expect(steps(down)).toEqual(['down 0004:expand done']);
    expect(await db.tables()).not.toContain('extra');
  });

  it('refuses an edit of any phase, and takes it when told', async () => {
    const file = join(shop.path, 'migrations/0002_full_name.sql');
    const edited = `${fullName}-- migrate:contract:down\nalter table users add column last varchar(40);\n`;
    writeFileSync(file, edited);
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([6, 'history_changed']);
    const repaired = await json('migrate', 'repair', '--accept', '2', '--reason', 'a down for the contract');
    expect(repaired.shards[0].changes.map((change: any) => change.what)).toEqual([
      '0002:expand full name: the file as it is now counts as applied',
      '0002:backfill full name: the file as it is now counts as applied',
    ]);
    expect((await json('migrate', 'verify')).exitCode).toBe(0);
  });

  it('F142 comes down from a contract only where it can, or its loss is accepted', async () => {
    writeFileSync(join(shop.path, 'migrations/0002_full_name.sql'), fullName);
    await json('migrate', 'repair', '--accept', '2', '--reason', 'without it again');
    const newest = await json('migrate', 'down');
    expect(steps(newest)).toEqual(['down 0003:backfill done', 'down 0003:expand done']);
    const before = await ledger();
    const repaired = await json('migrate', 'repair', '--applied', '2:contract', '--reason', 'by hand');
    expect(repaired.shards[0].changes.map((change: any) => change.what)).toEqual([
      '0002:contract full name: counts as applied',
    ]);
    const down = await json('migrate', 'down');
    expect([down.exitCode, down.error.code, down.error.phase]).toEqual([12, 'irreversible', 'contract']);
    expect(down.error.hint).toContain('--accept-data-loss');
    const accepted = await json('migrate', 'down', '--accept-data-loss');
    expect([accepted.exitCode, steps(accepted)]).toEqual([
      0,
      ['down 0002:contract done', 'down 0002:backfill done', 'down 0002:expand done'],
    ]);
    expect(await ledger()).toEqual(before.slice(0, 1));
  });
});
