import mysql from 'mysql2/promise';
import { canary } from './canary.js';
import { startMariadb } from './mariadb.js';
import type { TestServer } from './process.js';

export interface MariadbPair {
  readonly primary: TestServer;
  readonly replica: TestServer;
  /** How far behind the replica stays from now on; 0: as near as it can. */
  delay(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** A MariaDB and a read-only replica of it. */
export async function startReplica(): Promise<MariadbPair> {
  const [primary, replica] = await Promise.all([
    startMariadb({ flags: ['--server-id=1', '--log-bin=bin', '--binlog-format=row'] }),
    startMariadb({ flags: ['--server-id=2', '--read-only=1'] }),
  ]);
  const admin = await mysql.createConnection(replica.url);
  await admin.query(
    `change master to master_host = '127.0.0.1', master_port = ${primary.port}, master_user = 'app', master_password = '${canary}', master_use_gtid = slave_pos`,
  );
  await admin.query('start slave');
  return {
    primary,
    replica,
    delay: async (seconds) => {
      await admin.query('stop slave');
      await admin.query(`change master to master_delay = ${seconds}`);
      await admin.query('start slave');
    },
    stop: async () => {
      await admin.end();
      await Promise.all([replica.stop(), primary.stop()]);
    },
  };
}
