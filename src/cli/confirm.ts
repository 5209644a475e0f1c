import { Writable } from 'node:stream';
import type { Host } from './host.js';

export interface Question {
  readonly command: string;
  readonly shards: readonly string[];
}

/** Only where a person sits: both ends are terminals, and it is no CI job. */
export function canAsk(host: Host): boolean {
  return host.stdin.isTTY === true && host.stderr.isTTY === true && !host.env.CI;
}

/** Asks for the shard's name, or `yes` for several. Anything else, an end of input and an abort mean no. */
export async function ask(
  host: Host,
  { command, shards }: Question,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const [first] = shards;
  const word = shards.length === 1 ? first! : 'yes';
  say(
    `${command} writes to ${shards.length === 1 ? `the protected shard ${word}` : `protected shards: ${shards.join(', ')}`}`,
  );
  say(`type ${word} to go on:`);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: host.stdin, output: silent, terminal: false });
  try {
    const closed = new Promise<string>((resolve) => {
      lines.once('close', () => resolve(''));
    });
    const typed = await Promise.race([lines.question('', { signal }), closed]);
    return typed.trim() === word || typed.trim().toLowerCase() === 'yes';
  } catch {
    return false;
  } finally {
    lines.close();
  }
}
