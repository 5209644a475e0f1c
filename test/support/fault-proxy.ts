import { createConnection, createServer, type Server, type Socket } from 'node:net';

export interface FaultRule {
  /** Whose bytes are looked at. */
  readonly from: 'client' | 'server';
  /** Bytes that set it off, as latin1 text. */
  readonly match: string;
  /**
   * `drop`: these bytes are swallowed and both sides are cut. `cut-after`: they pass in this direction, the other side's
   * answer does not, and both sides are cut. `hold`: they pass after `ms`.
   */
  readonly action: 'drop' | 'cut-after' | 'hold';
  readonly ms?: number;
  /** How often it acts; then it only passes on. Default 1. */
  readonly times?: number;
}

export interface FaultProxy {
  readonly port: number;
  /** How often a rule has acted. */
  readonly hits: number;
  close(): Promise<void>;
}

/** A TCP proxy on loopback that breaks connections where a rule says so. */
export async function startFaultProxy(
  target: { port: number },
  rules: readonly FaultRule[],
): Promise<FaultProxy> {
  const left = rules.map((rule) => rule.times ?? 1);
  const sockets = new Set<Socket>();
  let hits = 0;
  const acting = (from: FaultRule['from'], chunk: Buffer): FaultRule | undefined => {
    const index = rules.findIndex(
      (rule, i) => left[i]! > 0 && rule.from === from && chunk.includes(Buffer.from(rule.match, 'latin1')),
    );
    if (index === -1) return undefined;
    left[index]!--;
    hits++;
    return rules[index];
  };
  const server: Server = createServer((client) => {
    const upstream = createConnection(target.port, '127.0.0.1');
    let muted = false;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    const pipe = (from: FaultRule['from'], source: Socket, sink: Socket) => {
      sockets.add(source);
      source.on('close', () => {
        sockets.delete(source);
        if (!muted) sink.end();
      });
      source.on('error', () => cut());
      source.on('data', (chunk) => {
        if (muted && from === 'server') return cut();
        const rule = acting(from, chunk);
        if (rule === undefined) sink.write(chunk);
        else if (rule.action === 'drop') cut();
        else if (rule.action === 'hold')
          setTimeout(() => sink.writable && sink.write(chunk), rule.ms ?? 1000);
        else {
          muted = true;
          sink.write(chunk);
        }
      });
    };
    pipe('client', client, upstream);
    pipe('server', upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    get hits() {
      return hits;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
