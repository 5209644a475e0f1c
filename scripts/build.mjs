import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

rmSync(`${root}/dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    'cli/main': 'src/cli/main.ts',
    index: 'src/index.ts',
    'run/heartbeat-worker': 'src/run/heartbeat-worker.ts',
  },
  outdir: 'dist',
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
  define: { __DBPAT_VERSION__: JSON.stringify(version) },
  // What bundled CommonJS packages still ask of `require` are Node's own modules.
  banner: {
    js: "import{createRequire as __dbpatRequire}from'node:module';const require=__dbpatRequire(import.meta.url);",
  },
  logLevel: 'warning',
});

const types = spawnSync(
  process.execPath,
  [`${root}/node_modules/typescript/bin/tsc`, '-p', 'tsconfig.types.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
process.exitCode = types.status ?? 1;
