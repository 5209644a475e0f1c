import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromTemplate } from './cache.js';
import { canary } from './canary.js';
import { stampOf } from './install.js';
import { mysqlRoot } from './mysql-install.js';
import { freePort, launch, run, type TestServer } from './process.js';

export interface MysqlOptions {
  readonly flags?: readonly string[];
}

/** The server through its own loader: it is built for a newer C library than the machine's. */
function program(): { command: string; args: readonly string[]; stamp: string } {
  const root = mysqlRoot();
  const loader = ['usr/lib64', 'lib64', 'usr/lib/x86_64-linux-gnu']
    .map((folder) => join(root, folder, 'ld-linux-x86-64.so.2'))
    .find((path) => existsSync(path))!;
  const mysqld = join(root, 'usr/sbin/mysqld');
  const args = [
    '--library-path',
    join(root, 'usr/lib/x86_64-linux-gnu'),
    mysqld,
    '--no-defaults',
    `--basedir=${join(root, 'usr')}`,
    `--lc-messages-dir=${join(root, 'usr/share/mysql')}`,
    `--character-sets-dir=${join(root, 'usr/share/mysql/charsets')}`,
    `--plugin-dir=${join(root, 'usr/lib/mysql/plugin')}`,
    '--secure-file-priv=NULL',
    '--mysqlx=OFF',
    '--innodb-redo-log-capacity=8M',
    '--innodb-buffer-pool-size=32M',
    '--innodb-doublewrite=OFF',
    '--innodb-flush-log-at-trx-commit=0',
    '--skip-log-bin',
  ];
  return { command: loader, args, stamp: stampOf(mysqld) };
}

export async function startMysql(options: MysqlOptions = {}): Promise<TestServer> {
  const { command, args, stamp } = program();
  const user = `create user app@'127.0.0.1' identified by '${canary}';
grant all on *.* to app@'127.0.0.1' with grant option;
`;
  const { folder, data } = fromTemplate('mysql', [stamp, ...args, user], (made) => {
    run('sh', ['-c', `cat > "${made}.sql"`], user);
    run(command, [...args, `--datadir=${made}`, '--initialize-insecure', `--init-file=${made}.sql`]);
  });
  const port = await freePort();
  return launch({
    folder,
    command,
    args: [
      ...args,
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 's.sock')}`,
      `--pid-file=${join(folder, 'pid')}`,
      ...(options.flags ?? []),
    ],
    ready: /ready for connections.*port: \d{2,}/,
    stopSignal: 'SIGKILL',
    url: `mysql://app:${canary}@127.0.0.1:${port}/mysql`,
    port,
  });
}
