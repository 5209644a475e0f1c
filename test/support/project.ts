import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of a user's own, with files. */
export interface TestProject {
  readonly path: string;
  write(name: string, text: string): void;
  delete(name: string): void;
  remove(): void;
}

export function project(files: Readonly<Record<string, string>>): TestProject {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'dbpat-project-')));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    path,
    write,
    delete: (name) => rmSync(join(path, name)),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
