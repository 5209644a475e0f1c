import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromTemplate } from './cache.js';
import { canary } from './canary.js';
import { findBinary, stampOf } from './install.js';
import { freePort, launch, run, type TestServer } from './process.js';

const base = [
  '--no-defaults',
  '--skip-name-resolve',
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-file-size=8M',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
];
const share = '/usr/share/mysql';

export interface MariadbOptions {
  readonly flags?: readonly string[];
  readonly port?: number;
  readonly ready?: RegExp;
}

/** What mariadb-install-db does, without its seconds. */
function bootstrap(): string {
  const sql = ['system_tables', 'performance_tables', 'system_tables_data'].map((part) => {
    const names = [`mariadb_${part}.sql`, `mysql_${part}.sql`].map((name) => join(share, name));
    return readFileSync(names.find((name) => existsSync(name))!, 'utf8');
  });
  return `create database mysql;
use mysql;
set @auth_root_socket=null;
${sql.join('\n')}
flush privileges;
create or replace user app@'127.0.0.1' identified by '${canary}';
grant all on *.* to app@'127.0.0.1' with grant option;
`;
}

export async function startMariadb(options: MariadbOptions = {}): Promise<TestServer> {
  const binary = findBinary('mariadb-server');
  const sql = bootstrap();
  const { folder, data } = fromTemplate('mariadb', [stampOf(binary), ...base, sql], (made) => {
    run('mkdir', [made]);
    run(binary, [...base, `--datadir=${made}`, '--bootstrap'], sql);
  });
  const port = options.port ?? (await freePort());
  return launch({
    folder,
    command: binary,
    args: [
      ...base,
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 's.sock')}`,
      `--pid-file=${join(folder, 'pid')}`,
      ...(options.flags ?? []),
    ],
    ready: options.ready ?? /ready for connections/,
    stopSignal: 'SIGKILL',
    url: `mysql://app:${canary}@127.0.0.1:${port}/mysql`,
    port,
  });
}
