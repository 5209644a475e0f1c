import { afterEach, describe, expect, it } from 'vitest';
import { createDatabase } from '../support/databases.js';
import { type FaultRule, startFaultProxy } from '../support/fault-proxy.js';
import { project } from '../support/project.js';
import { runCli } from '../support/run-cli.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const files = {
  'migrations/1_t.sql': 'create table t (id integer);',
  'migrations/2_row.sql':
    '-- migrate:up\ninsert into t values (2);\n-- migrate:down\ndelete from t where id = 2;\n',
  'migrations/3_row.sql': 'insert into t values (3);',
};

async function place(
  kind: 'postgres15' | 'postgres18' | 'mariadb',
  rule: FaultRule,
  more: Record<string, string> = {},
) {
  const db = await createDatabase(kind);
  open.push(() => db.drop());
  const url = new URL(db.url);
  const proxy = await startFaultProxy({ port: Number(url.port) }, [rule]);
  open.push(() => proxy.close());
  url.port = String(proxy.port);
  const shop = project({
    'package.json': '{ "type": "module" }',
    'dbpat.config.json': JSON.stringify({ shards: [{ name: 'main', url: url.href }] }),
    ...files,
    ...more,
  });
  open.push(() => shop.remove());
  const json = async (...args: string[]): Promise<any> => {
    const result = await runCli([...args, '--json'], { cwd: shop.path });
    return { ...(result.json() as any), exitCode: result.exitCode, stderr: result.stderr };
  };
  return { db, proxy, json };
}

function outcomes(run: any): unknown {
  return run.shards[0].steps.map((step: any) => [step.version, step.outcome]);
}

describe.each(['postgres15', 'postgres18'] as const)('on %s', (kind) => {
  it('F39 the answer to a commit is lost: the ledger tells, nothing runs twice, the rest goes on', async () => {
    const { db, proxy, json } = await place(kind, {
      from: 'client',
      match: 'insert into t values (2)',
      action: 'cut-after',
    });
    const up = await json('migrate', 'up');
    expect(proxy.hits).toBe(1);
    expect([up.exitCode, outcomes(up)]).toEqual([
      0,
      [
        ['1', 'done'],
        ['2', 'done'],
        ['3', 'done'],
      ],
    ]);
    expect(up.stderr).toContain('the ledger shows that it was committed');
    expect(await db.query('select id from t order by id')).toEqual([{ id: 2 }, { id: 3 }]);
  });

  it('F40 the commit never arrives: it runs again, once', async () => {
    const { db, proxy, json } = await place(kind, {
      from: 'client',
      match: 'insert into t values (2)',
      action: 'drop',
    });
    const up = await json('migrate', 'up');
    expect([proxy.hits, up.exitCode]).toEqual([1, 0]);
    expect(await db.query('select id from t order by id')).toEqual([{ id: 2 }, { id: 3 }]);
    const log = await db.query(
      "select version from schema_migrations_log where event = 'apply' order by seq",
    );
    expect(log.map((line) => line.version)).toEqual(['1', '2', '3']);
  });

  it('a connection that is lost again and again ends with 8, and what was done stays', async () => {
    const { db, json } = await place(kind, {
      from: 'client',
      match: 'insert into t values (2)',
      action: 'drop',
      times: 100,
    });
    const up = await json('migrate', 'up');
    expect([up.exitCode, outcomes(up)]).toEqual([
      8,
      [
        ['1', 'done'],
        ['2', 'failed'],
        ['3', 'not-run'],
      ],
    ]);
    expect(up.shards[0].error.code).toBe('unreachable');
    expect(await db.query('select id from t')).toEqual([]);
  });

  it('a module whose transaction is gone is not called again by itself', async () => {
    const { db, json } = await place(
      kind,
      { from: 'client', match: 'insert into "t"', action: 'drop' },
      {
        'migrations/2_row.sql': '',
        'migrations/4_module.ts': "export const up = (db) => db.insertInto('t').values({ id: 4 }).execute();",
      },
    );
    const up = await json('migrate', 'up');
    expect([up.exitCode, up.shards[0].error.code]).toEqual([8, 'unreachable']);
    expect(up.shards[0].error.message).toContain('the database has rolled it back');
    expect(await db.query('select id from t')).toEqual([{ id: 3 }]);
    expect((await json('migrate', 'up')).exitCode).toBe(0);
    expect(await db.query('select id from t order by id')).toEqual([{ id: 3 }, { id: 4 }]);
  });

  it('F39 the same for down', async () => {
    const { db, proxy, json } = await place(kind, {
      from: 'client',
      match: 'delete from t where id = 2',
      action: 'cut-after',
    });
    await json('migrate', 'up', '--to', '2');
    const down = await json('migrate', 'down');
    expect([proxy.hits, down.exitCode, outcomes(down)]).toEqual([1, 0, [['2', 'done']]]);
    expect(await db.query('select id from t')).toEqual([]);
    expect((await json('migrate', 'status')).shards[0].current).toBe('1');
  });
});

it('F39 on MariaDB: rows and their record share a transaction, so a lost answer is settled by the ledger', async () => {
  const { db, json } = await place('mariadb', {
    from: 'client',
    match: 'insert into t values (2)',
    action: 'drop',
  });
  const up = await json('migrate', 'up');
  expect(up.exitCode).toBe(0);
  expect(await db.query('select id from t order by id')).toEqual([{ id: 2 }, { id: 3 }]);
});
