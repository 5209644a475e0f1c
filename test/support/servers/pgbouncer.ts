import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from './install.js';
import { freePort, launch, serverFolder, type TestServer } from './process.js';

/** Pools transactions of the database that `url` names; sessions of several clients share `poolSize` backends. */
export async function startPgbouncer(url: string, poolSize: number): Promise<TestServer> {
  const folder = serverFolder('pgbouncer');
  const port = await freePort();
  const target = new URL(url);
  const database = target.pathname.slice(1);
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
${database} = host=${target.hostname} port=${target.port} user=${target.username} password=${target.password} dbname=${database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 200
unix_socket_dir =
`,
    { mode: 0o644 },
  );
  const through = new URL(url);
  through.port = String(port);
  return launch({
    folder,
    command: findBinary('pgbouncer'),
    args: [file],
    ready: /process up/,
    stopSignal: 'SIGINT',
    url: through.href,
    port,
  });
}
