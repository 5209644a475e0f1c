import { parentPort } from 'node:worker_threads';
import type { Session } from '../dialects/dialect.js';
import { dialects } from '../dialects/index.js';
import type { BeatJob, BeatMessage } from './heartbeat.js';

interface Beating {
  readonly timer: NodeJS.Timeout;
  session?: Session;
  busy: boolean;
}

const beating = new Map<number, Beating>();

/** A beat that fails is tried again at the next tick on a new connection: whether it is too late, the fence decides. */
async function beatOnce(job: BeatJob, state: Beating): Promise<void> {
  if (state.busy) return;
  state.busy = true;
  try {
    const dialect = dialects.find((one) => one.name === job.dialect)!;
    state.session ??= await dialect.connect(job.target, job.options);
    const { affected } = await state.session.query(job.beat);
    if (affected === 1) Atomics.store(new BigInt64Array(job.last), 0, process.hrtime.bigint());
  } catch {
    const broken = state.session;
    delete state.session;
    await broken?.close().catch(() => {});
  } finally {
    state.busy = false;
  }
}

parentPort?.on('message', async (message: BeatMessage) => {
  if ('start' in message) {
    const job = message.start;
    const tick = () => void beatOnce(job, state);
    const state: Beating = { timer: setInterval(tick, job.everyMs), busy: false };
    beating.set(job.id, state);
    return;
  }
  const state = beating.get(message.stop);
  beating.delete(message.stop);
  clearInterval(state?.timer);
  await state?.session?.close().catch(() => {});
  parentPort?.postMessage('stopped');
});
