import { inject } from 'vitest';
import type { ServerName } from './servers/setup.js';

export { canary } from './servers/canary.js';
export type { ServerName } from './servers/setup.js';

async function ask(name: string): Promise<string> {
  const answer = await fetch(`${inject('servers')}/${name}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

/** URL of a server that all tests of the run share, started when it is first asked for. @throws why it did not start */
export const serverUrl = (name: ServerName): Promise<string> => ask(name);

let bin: Promise<string> | undefined;

/** The program with its failpoints compiled in, built when it is first asked for. */
export function failpointBin(): Promise<string> {
  bin ??= ask('failpoints');
  return bin;
}
