import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

/** A build for tests, whole in a folder of its own, that acts where src names a failpoint. */
const failpoints = process.argv.includes('--failpoints');
const out = failpoints ? '.cache/failpoints' : '.';
const acts = pathToFileURL(`${root}/test/support/failpoints/acts.mjs`).href;

rmSync(`${root}/${out}/dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    'cli/main': 'src/cli/main.ts',
    index: 'src/index.ts',
    'run/heartbeat-worker': 'src/run/heartbeat-worker.ts',
  },
  outdir: `${out}/dist`,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // Half the text is half the time to compile it, which every start pays.
  minify: true,
  legalComments: 'none',
  // Loaded on first use, from the project or from dbpat's own folder.
  external: ['pg', 'mysql2', 'better-sqlite3', 'jiti'],
  define: { __DBPAT_VERSION__: JSON.stringify(version), __DBPAT_FAILPOINTS__: String(failpoints) },
  // What bundled CommonJS packages still ask of `require` are Node's own modules.
  banner: {
    js: `${failpoints ? `import'${acts}';` : ''}import{createRequire as __dbpatRequire}from'node:module';const require=__dbpatRequire(import.meta.url);`,
  },
  logLevel: 'warning',
});

if (failpoints) {
  for (const name of ['bin', 'package.json'])
    cpSync(`${root}/${name}`, `${root}/${out}/${name}`, { recursive: true });
} else {
  const types = spawnSync(
    process.execPath,
    [`${root}/node_modules/typescript/bin/tsc`, '-p', 'tsconfig.types.json'],
    { cwd: root, stdio: 'inherit' },
  );
  rmSync(`${root}/dist/types/failpoint.d.ts`, { force: true });
  process.exitCode = types.status ?? 1;
}
