import mysql from 'mysql2/promise';
import pg from 'pg';
import { expect, it } from 'vitest';
import { startGalera } from '../support/servers/galera.js';
import { startPgbouncer } from '../support/servers/pgbouncer.js';
import { startPostgres } from '../support/servers/postgres.js';
import { startReplica } from '../support/servers/replica.js';
import { startStandby } from '../support/servers/standby.js';

/** The servers of the reliability suites are what they claim to be. */
const patient = { timeout: 30_000 };

async function postgresClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

it('pgbouncer gives two clients one session, and each the other’s lock', async () => {
  const postgres = await startPostgres('18');
  const pooler = await startPgbouncer(postgres.url, 1);
  const [a, b] = [await postgresClient(pooler.url), await postgresClient(pooler.url)];
  const pid = async (client: pg.Client) => (await client.query('select pg_backend_pid() as pid')).rows[0].pid;
  const lock = async (client: pg.Client) =>
    (await client.query('select pg_try_advisory_lock(7) as locked')).rows[0].locked;
  expect(await pid(a)).toBe(await pid(b));
  expect(await pid(a)).not.toBe((a as unknown as { processID: number }).processID);
  expect([await lock(a), await lock(b)]).toEqual([true, true]);
  await Promise.all([a.end(), b.end()]);
  await pooler.stop();
  await postgres.stop();
});

it('a hot standby is in recovery, follows, and lags when it is told to', async () => {
  const pair = await startStandby();
  const [primary, standby] = [await postgresClient(pair.primary.url), await postgresClient(pair.standby.url)];
  expect((await standby.query('select pg_is_in_recovery() as recovery')).rows).toEqual([{ recovery: true }]);
  await primary.query('create table t (id integer)');
  const rows = async () =>
    standby.query('select count(*)::int as n from t').then(
      (result) => result.rows[0].n,
      () => 'no table',
    );
  await expect.poll(rows, patient).toBe(0);
  await standby.query('select pg_wal_replay_pause()');
  await primary.query('insert into t values (1)');
  expect(await rows()).toBe(0);
  await standby.query('select pg_wal_replay_resume()');
  await expect.poll(rows, patient).toBe(1);
  await Promise.all([primary.end(), standby.end()]);
  await pair.stop();
});

it('a MariaDB replica is read-only, follows, and lags when it is told to', async () => {
  const pair = await startReplica();
  const [primary, replica] = [
    await mysql.createConnection(pair.primary.url),
    await mysql.createConnection(pair.replica.url),
  ];
  const [[flags]] = (await replica.query('select @@global.read_only as readonly')) as any;
  expect(flags).toEqual({ readonly: 1 });
  await primary.query('create database shop');
  await primary.query('create table shop.t (id integer primary key)');
  const rows = async () =>
    replica.query('select count(*) as n from shop.t').then(
      ([found]: any) => found[0].n,
      () => 'no table',
    );
  await expect.poll(rows, patient).toBe(0);
  await pair.delay(3600);
  await primary.query('insert into shop.t values (1)');
  const [[status]] = (await replica.query('show slave status')) as any;
  expect([status.SQL_Delay, await rows()]).toEqual([3600, 0]);
  await pair.delay(0);
  await expect.poll(rows, patient).toBe(1);
  await Promise.all([primary.end(), replica.end()]);
  await pair.stop();
});

it('Galera’s three nodes write one database, and a named lock is each node’s own', async () => {
  const galera = await startGalera();
  const clients = await Promise.all(galera.nodes.map((node) => mysql.createConnection(node.url)));
  const [one, two, three] = clients as [mysql.Connection, mysql.Connection, mysql.Connection];
  const [[size]] = (await three.query("show status like 'wsrep_cluster_size'")) as any;
  expect(size.Value).toBe('3');
  await one.query('create database shop');
  await two.query('create table shop.t (id integer primary key)');
  await three.query('set session wsrep_sync_wait = 1');
  await one.query('insert into shop.t values (1)');
  const [rows] = await three.query('select id from shop.t');
  expect(rows).toEqual([{ id: 1 }]);
  for (const client of [one, two]) {
    const [[{ locked }]] = (await client.query("select get_lock('m', 0) as locked")) as any;
    expect(locked).toBe(1);
  }
  await Promise.all(clients.map((client) => client.end()));
  await galera.stop();
});
