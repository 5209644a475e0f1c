import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { createDatabase, type Kind, type TestDatabase } from './databases.js';
import { project } from './project.js';
import { runCli } from './run-cli.js';

const bin = fileURLToPath(new URL('../../bin/dbpat.js', import.meta.url));

/** Places with a database, migrations and runs that can be killed; `close` takes all of them away. */
export function resumable() {
  const open: (() => unknown)[] = [];
  const place = async (kind: Kind, files: Record<string, string>, config: object = {}) => {
    const db = await createDatabase(kind);
    open.push(() => db.drop());
    const shop = project({
      'package.json': '{ "type": "module" }',
      'dbpat.config.json': JSON.stringify({
        shards: [{ name: 'main', url: db.url }],
        lock: { wait: '60s' },
        timeouts: { ddlLock: '50s' },
        ...config,
      }),
      ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`migrations/${name}`, text])),
    });
    open.push(() => shop.remove());
    const json = async (...args: string[]): Promise<any> => {
      const result = await runCli([...args, '--json'], { cwd: shop.path });
      return { ...(result.json() as any), exitCode: result.exitCode, stderr: result.stderr };
    };
    /** A run in a process that can be killed. */
    const start = () => {
      const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', TZ: 'UTC' };
      const child = spawn(process.execPath, [bin, 'migrate', 'up', '--json'], { cwd: shop.path, env });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
      });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text) => {
        stderr += text;
      });
      const ended = new Promise<any>((resolve) => {
        child.on('close', (code) =>
          resolve(code === null ? { exitCode: -9 } : { ...JSON.parse(stdout), exitCode: code, stderr }),
        );
      });
      return { ended, kill: () => child.kill('SIGKILL'), stderr: () => stderr };
    };
    return { db, json, start, write: (name: string, text: string) => shop.write(`migrations/${name}`, text) };
  };
  const close = async () => {
    for (const one of open.splice(0).reverse()) await one();
  };
  return { place, close, later: (work: () => unknown) => open.push(work) };
}

/** Waits until the server shows a session whose statement matches. */
export async function running(db: TestDatabase, pattern: RegExp): Promise<string> {
  let found = '';
  await expect
    .poll(
      async () => {
        const rows =
          db.kind === 'mariadb' || db.kind === 'mysql'
            ? await db.query(
                'select id, info as query from information_schema.processlist where id <> connection_id() and db = database()',
              )
            : await db.query(
                "select pid as id, query from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and datname = current_database()",
              );
        found = String(rows.find((row) => pattern.test(String(row.query)))?.id ?? '');
        return found;
      },
      { timeout: 60_000, interval: 50 },
    )
    .not.toBe('');
  return found;
}

/** What later runs have found out about statements under way, in order. */
export async function decisions(json: (...args: string[]) => Promise<any>): Promise<unknown[]> {
  const log = await json('migrate', 'log');
  return log.lines.flatMap((line: any) =>
    line.event === 'resume' && line.detail.decided !== undefined ? [line.detail.decided] : [],
  );
}
