import { join } from 'node:path';
import { copy } from './cache.js';
import { launchPostgres, type PostgresVersion, postgresData } from './postgres.js';
import { run, serverFolder, type TestServer } from './process.js';

export interface PostgresPair {
  readonly primary: TestServer;
  readonly standby: TestServer;
  stop(): Promise<void>;
}

/** A PostgreSQL and a hot standby of it: `pg_wal_replay_pause()` on the standby makes it lag. */
export async function startStandby(version: PostgresVersion = '18'): Promise<PostgresPair> {
  const first = postgresData(version);
  const folder = serverFolder('standby');
  const second = { folder, data: join(folder, 'data') };
  copy(first.data, second.data);
  run('touch', [join(second.data, 'standby.signal')]);
  const primary = await launchPostgres(version, first);
  const standby = await launchPostgres(version, second, {
    settings: [`primary_conninfo=host=127.0.0.1 port=${primary.port} user=app`],
  });
  return {
    primary,
    standby,
    stop: async () => {
      await standby.stop();
      await primary.stop();
    },
  };
}
