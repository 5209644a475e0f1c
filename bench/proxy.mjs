import { connect, createServer } from 'node:net';

/**
 * Stands between a client and a PostgreSQL server and counts round trips: each time the client speaks after the server
 * has answered. The first ones are those of the connection itself.
 */
export async function countingProxy(host, port) {
  const counts = [];
  const server = createServer((client) => {
    const trips = { count: 0 };
    counts.push(trips);
    const upstream = connect(port, host);
    let answered = true;
    client.on('data', (data) => {
      if (data.length === 5 && data[0] === 0x58) return upstream.write(data);
      if (answered) trips.count++;
      answered = false;
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      answered = true;
      client.write(data);
    });
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('close', end).on('error', end);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    counts,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
