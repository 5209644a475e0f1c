import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const names = (count) => Array.from({ length: count }, (_, i) => String(i + 1).padStart(5, '0'));

/** A project with `count` small SQL migrations over these shards. */
export function makeProject(path, count, shards) {
  mkdirSync(join(path, 'migrations'), { recursive: true });
  writeFileSync(join(path, 'dbpat.config.json'), JSON.stringify({ shards }));
  for (const n of names(count)) {
    const sql = `-- migrate:up\ncreate table t_${n} (id integer primary key, name varchar(50));\n\n-- migrate:down\ndrop table t_${n};\n`;
    writeFileSync(join(path, 'migrations', `${n}_create_t_${n}.sql`), sql);
  }
  return path;
}

/** The same work as a script for a database's own client: each migration in a transaction with a row of a ledger. */
export function makeScript(path, count, now) {
  const lines = names(count).map(
    (n) =>
      `begin;\ncreate table t_${n} (id integer primary key, name varchar(50));\ninsert into ledger values ('${n}', 'create t ${n}', ${now});\ncommit;`,
  );
  writeFileSync(
    path,
    `create table ledger (version varchar(50) primary key, description varchar(200), at timestamp);\n${lines.join('\n')}\n`,
  );
  return path;
}

/** What a no-op cannot do without: open the database, read and hash the folder, read the ledger. */
export const floorScript = `
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
const [root, database] = process.argv.slice(2);
const Database = createRequire(root)('better-sqlite3');
const hashes = readdirSync('migrations').sort().map((f) => createHash('sha256').update(readFileSync('migrations/' + f)).digest('hex'));
if (database) {
  const rows = new Database(database, { readonly: true }).prepare('select version, checksum from schema_migrations').all();
  if (rows.length !== hashes.length) process.exit(1);
}
`;
