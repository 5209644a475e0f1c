import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { project, type TestProject } from '../support/project.js';
import { runCli } from '../support/run-cli.js';
import { startGalera } from '../support/servers/galera.js';

const bin = fileURLToPath(new URL('../../bin/dbpat.js', import.meta.url));

describe('on a Galera cluster, with runners on different nodes', () => {
  let cluster: Awaited<ReturnType<typeof startGalera>>;
  let client: mysql.Connection;
  let shop: TestProject;
  const query = async (sql: string) => (await client.query(sql))[0] as any[];
  const urlOf = (node: number) => cluster.nodes[node]!.url.replace(/\/mysql$/, '/shop');
  const up = (node: number) => runCli(['migrate', 'up'], { cwd: shop.path, env: { URL: urlOf(node) } });

  beforeAll(async () => {
    cluster = await startGalera();
    client = await mysql.createConnection(cluster.nodes[0]!.url);
    shop = project({
      'dbpat.config.mjs': `export default {
  shards: [{ name: 'main', url: process.env.URL }],
  lock: { wait: '60s', ttl: '2s' },
  hooks: { afterStep: () => new Promise((done) => setTimeout(done, Number(process.env.GAP ?? 0))) },
};`,
      'migrations/1_witness.sql':
        'create table witness (id integer auto_increment primary key, version integer);',
      ...Object.fromEntries(
        [2, 3, 4, 5, 6].map((version) => [
          `migrations/${version}_t.sql`,
          `create table t${version} (id integer primary key);
insert into witness (version) values (${version});
create trigger tr${version} before insert on t${version} for each row set new.id = new.id + 1;
`,
        ]),
      ),
    });
  }, 180_000);
  afterAll(async () => {
    await client?.end();
    await cluster?.stop();
    shop?.remove();
  });
  beforeEach(async () => {
    await query('drop database if exists shop');
    await query('create database shop');
    await query('use shop');
  });

  it('is a cluster of three, where one name is locked on two nodes at once', async () => {
    const [size] = await query("show status like 'wsrep_cluster_size'");
    expect(Number(size.Value)).toBe(3);
    const other = await mysql.createConnection(urlOf(1));
    const locked = "select get_lock('one', 0) as locked";
    expect([await query(locked), (await other.query(locked))[0]]).toEqual([[{ locked: 1 }], [{ locked: 1 }]]);
    await other.end();
  });

  it('F8 each migration runs once', async () => {
    const runs = await Promise.all([up(0), up(1), up(2)]);
    expect(runs.map((run) => run.exitCode)).toEqual([0, 0, 0]);
    const rows = await query('select version from witness order by version');
    expect(rows.map((row) => row.version)).toEqual([2, 3, 4, 5, 6]);
  });

  it('F11 a frozen runner that was taken over sends no statement any more', async () => {
    const frozen = spawn(process.execPath, [bin, 'migrate', 'up'], {
      cwd: shop.path,
      env: { PATH: process.env.PATH ?? '', HOME: '/', URL: urlOf(0), GAP: '2000' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    frozen.stderr.on('data', (text) => {
      said += text;
    });
    const ended = new Promise<number | null>((resolve) => frozen.once('close', resolve));
    const applied = async () =>
      (await query('select count(*) as n from schema_migrations').catch(() => [{ n: 0 }]))[0].n;
    await expect.poll(applied, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    frozen.kill('SIGSTOP');
    const rival = await up(2);
    expect([rival.exitCode, rival.stderr.includes('up 6 t')]).toEqual([0, true]);
    frozen.kill('SIGCONT');
    expect(await ended).toBe(7);
    expect(said).toContain('another run has taken the lock over');
    const rows = await query('select version from witness order by version');
    expect(rows.map((row) => row.version)).toEqual([2, 3, 4, 5, 6]);
  });
});
