import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { TestProject as VitestProject } from 'vitest/node';
import { startMariadb } from './mariadb.js';
import { startMysql } from './mysql.js';
import { startPostgres } from './postgres.js';
import type { TestServer } from './process.js';

/** The servers that all tests of a run share: each file makes databases of its own on them. */
const starters = {
  postgres15: () => startPostgres('15'),
  postgres16: () => startPostgres('16'),
  postgres17: () => startPostgres('17'),
  postgres18: () => startPostgres('18'),
  mariadb: () => startMariadb(),
  mysql: () => startMysql(),
} satisfies Readonly<Record<string, () => Promise<TestServer>>>;

export type ServerName = keyof typeof starters;

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of the desk that starts a server when it is first asked for and answers with its URL. */
    servers: string;
  }
}

/** All named servers at once. */
export async function startServers<Name extends ServerName>(
  names: readonly Name[],
): Promise<{ urls: Readonly<Record<Name, string>>; stop(): Promise<void> }> {
  const started = await Promise.all(names.map(async (name) => [name, await starters[name]()] as const));
  return {
    urls: Object.fromEntries(started.map(([name, { url }]) => [name, url])) as Record<Name, string>,
    stop: async () => {
      await Promise.all(started.map(([, server]) => server.stop()));
    },
  };
}

const repository = fileURLToPath(new URL('../../..', import.meta.url));

function buildFailpoints(): string {
  execFileSync(process.execPath, ['scripts/build.mjs', '--failpoints'], { cwd: repository });
  return `${repository}/.cache/failpoints/bin/dbpat.js`;
}

export default async function setup(vitest: VitestProject): Promise<() => Promise<void>> {
  const started = new Map<string, Promise<TestServer>>();
  let program: string | undefined;
  const answer = async (name: string): Promise<string> => {
    if (name === 'failpoints') {
      program ??= buildFailpoints();
      return program;
    }
    if (!started.has(name)) started.set(name, starters[name as ServerName]());
    return (await started.get(name)!).url;
  };
  const desk = createServer((request, response) => {
    answer(request.url!.slice(1)).then(
      (text) => response.end(text),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  vitest.provide('servers', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`);
  return async () => {
    desk.close();
    const servers = await Promise.allSettled(started.values());
    await Promise.all(
      servers.map((server) => (server.status === 'fulfilled' ? server.value.stop() : undefined)),
    );
  };
}
