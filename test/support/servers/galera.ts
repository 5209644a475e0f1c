import { findBinary } from './install.js';
import { startMariadb } from './mariadb.js';
import { freePort, type TestServer } from './process.js';

/** Three nodes of one cluster; each takes writes. Named locks are of one node only. */
export async function startGalera(): Promise<{
  readonly nodes: readonly TestServer[];
  stop(): Promise<void>;
}> {
  const provider = findBinary('galera-4');
  findBinary('rsync');
  const first = await freePort();
  const nodes: TestServer[] = [];
  for (let i = 0; i < 3; i++) {
    const [replication, increments, transfer] = [
      i === 0 ? first : await freePort(),
      await freePort(),
      await freePort(),
    ];
    nodes.push(
      await startMariadb({
        flags: [
          '--binlog-format=ROW',
          '--innodb-autoinc-lock-mode=2',
          '--wsrep-on=ON',
          `--wsrep-provider=${provider}`,
          `--wsrep-cluster-address=gcomm://${i === 0 ? '' : `127.0.0.1:${first}`}`,
          `--wsrep-node-address=127.0.0.1:${replication}`,
          '--wsrep-sst-method=rsync',
          `--wsrep-sst-receive-address=127.0.0.1:${transfer}`,
          `--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:${replication};ist.recv_addr=127.0.0.1:${increments};gcache.size=16M`,
        ],
        ready: /Synchronized with group, ready for connections/,
      }),
    );
  }
  return {
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}
