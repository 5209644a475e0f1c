import type { Command, CommandEntry } from './command.js';

const meanings: Readonly<Record<number, string>> = {
  0: 'done, or nothing to do',
  2: 'usage, config or migration files wrong; nothing was contacted',
  3: 'a migration failed: no shard that had work finished it',
  4: 'the fleet is split: some shards finished, some did not',
  5: 'pending migrations exist',
  6: 'history conflict: changed, missing, out of order, or shards disagree',
  7: 'lock not obtained in time, or lost: safe to run again',
  8: 'a database is unreachable, read-only or not allowed',
  9: 'a check said no: findings, differences',
  10: 'gate closed',
  11: 'an unfinished migration needs a decision (repair)',
  12: 'refused: protected, irreversible, or without consent',
};

/** What stands below the options of a command. */
export function commandHelp({ example, exitCodes }: Pick<Command, 'example' | 'exitCodes'>): string {
  const codes = [0, 2, ...exitCodes].map((code) => `  ${String(code).padStart(2)}  ${meanings[code]}`);
  return `\nExample:\n  ${example}\n\nExit codes:\n${codes.join('\n')}\n`;
}

/** All commands, by what one wants to do. */
export function rootHelp(entries: readonly CommandEntry[]): string {
  return `Usage: dbpat <command> [options]

Database migrations that run once, on every shard: PostgreSQL, MySQL/MariaDB and SQLite.

${tasks(entries)}
Options:
  -V, --version   print the version
  -h, --help      print this help; dbpat <command> --help for a command's options

Example:
  dbpat init && dbpat migrate up
`;
}

/** The commands of a group (`migrate`). */
export function groupHelp(group: string, entries: readonly CommandEntry[]): string {
  const own = entries.filter(({ name }) => name.startsWith(`${group} `));
  return `Usage: dbpat ${group} <command> [options]

${tasks(own)}
Example:
  ${(own.find(({ task }) => task === 'Change') ?? own[0])?.command.example}
`;
}

function tasks(entries: readonly CommandEntry[]): string {
  const usage = ({ name, args }: CommandEntry) => (args === undefined ? name : `${name} ${args}`);
  const width = Math.max(...entries.map((entry) => usage(entry).length));
  return [...new Set(entries.map(({ task }) => task))]
    .map((task) => {
      const rows = entries.filter((entry) => entry.task === task);
      return `${task}:\n${rows.map((entry) => `  ${usage(entry).padEnd(width)}  ${entry.summary}\n`).join('')}`;
    })
    .join('\n');
}
