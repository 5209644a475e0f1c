import { connect, createServer, type Server, type Socket } from 'node:net';

export interface LatePort {
  readonly port: number;
  /** Listens from now on, and hands every connection to the server at `port`. */
  open(port: number): Promise<void>;
  close(): Promise<void>;
}

/** A port on which nothing listens yet, in front of a server: as of one that is still starting. */
export async function latePort(): Promise<LatePort> {
  const port = await listen(createServer(), 0).then(async (server) => {
    const { port: free } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    return free;
  });
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  return {
    port,
    open: async (target) => {
      server = createServer((client) => {
        const upstream = connect(target, '127.0.0.1');
        for (const socket of [client, upstream]) {
          sockets.add(socket);
          socket.on('error', () => {});
          socket.on('close', () => sockets.delete(socket));
        }
        client.pipe(upstream).pipe(client);
      });
      await listen(server, port);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
    },
  };
}

function listen(server: Server, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
