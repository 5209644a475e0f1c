import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { runCli } from './support/run-cli.js';

const root = fileURLToPath(new URL('..', import.meta.url));

it('the README’s example runs to its end', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'example'], { cwd: root });
  expect(stdout).toContain('3 shards: 0 up to date, 3 behind');
  expect(stdout).toContain('3 shards: 3 applied; 15 steps');
  expect(stdout).toContain('3 shards: 3 reverted; 6 steps');
  expect(stdout).toContain('3 shards: 3 applied; 6 steps');
});

it('every command that the README shows exists, with its options', async () => {
  const text = readFileSync(`${root}/README.md`, 'utf8');
  const shown = new Set<string>();
  for (const [, line] of text.matchAll(/^\s*(?:\$ )?(?:npx )?dbpat (.+)$/gm))
    shown.add(line!.replace(/\s+#.*$/, '').trim());
  expect(shown.size).toBeGreaterThan(5);
  for (const line of shown) {
    const words = line.split(/\s+/);
    const command = words[0] === 'migrate' ? words.slice(0, 2) : words.slice(0, 1);
    const help = await runCli([...command, '--help'], { cwd: root });
    expect([line, help.exitCode]).toEqual([line, 0]);
    for (const option of words.filter((word) => word.startsWith('--')))
      expect(help.stdout).toContain(option.split('=')[0]);
  }
});
