import { appendFileSync, existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/**
 * What the test build does where it passes a failpoint; first import of each of its files.
 *
 * DBPAT_FAILPOINT=name[@n]=action[:argument],… acts at the n-th passing (1) of that name, of this process:
 *   kill        SIGKILL to itself; kill:MS in that time, going on until then
 *   stop        SIGSTOP to itself
 *   throw       an error of no known kind
 *   sleep:MS    waits, with the event loop going on; block:MS holds the whole thread up
 *   hold:FILE   waits until that file exists; FILE.here says that it waits
 *   mark:FILE   appends `name pid milliseconds`
 * DBPAT_FAILPOINT_TRACE=FILE appends every passing.
 */
const { DBPAT_FAILPOINT: asked = '', DBPAT_FAILPOINT_TRACE: trace } = process.env;

const wanted = new Map();
for (const entry of asked.split(',').filter(Boolean)) {
  const found = /^([\w.]+)(?:@(\d+))?=(\w+)(?::(.*))?$/.exec(entry);
  if (found === null) throw new Error(`DBPAT_FAILPOINT: ${entry}`);
  const [, name, n = '1', action, argument] = found;
  if (!(action in actions())) throw new Error(`DBPAT_FAILPOINT: no action ${action}`);
  wanted.set(`${name}@${Number(n)}`, { action, argument });
}

function actions() {
  return {
    kill: (_name, ms) => {
      const kill = () => process.kill(process.pid, 'SIGKILL');
      if (ms === undefined) kill();
      else setTimeout(kill, Number(ms));
    },
    stop: () => process.kill(process.pid, 'SIGSTOP'),
    throw: (name) => {
      throw new Error(`failpoint ${name}`);
    },
    sleep: (_name, ms) => new Promise((resolve) => setTimeout(resolve, Number(ms))),
    block: (_name, ms) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
    },
    hold: async (_name, file) => {
      appendFileSync(`${file}.here`, `${process.pid}\n`);
      while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    mark: (name, file) => appendFileSync(file, `${name} ${process.pid} ${Date.now()}\n`),
  };
}

const passed = new Map();

if (isMainThread) {
  globalThis.dbpatFailpoint ??= (name) => {
    const n = (passed.get(name) ?? 0) + 1;
    passed.set(name, n);
    if (trace !== undefined) appendFileSync(trace, `${name}@${n}\n`);
    const found = wanted.get(`${name}@${n}`);
    return found && actions()[found.action](name, found.argument);
  };
}
