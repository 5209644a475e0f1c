import { inject } from 'vitest';
import type { ServerName } from './servers/setup.js';

export { canary } from './servers/canary.js';
export type { ServerName } from './servers/setup.js';

/** URL of a server that all tests of the run share, started when it is first asked for. @throws why it did not start */
export async function serverUrl(name: ServerName): Promise<string> {
  const answer = await fetch(`${inject('servers')}/${name}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}
