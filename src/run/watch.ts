import { withSession } from './context.js';
import type { StepRun } from './record.js';

/**
 * While a statement runs that waits for others without an end of its own (`CONCURRENTLY` waits for old snapshots), says
 * whom it waits for, once for each of them.
 */
export async function withBlockerWatch<T>(run: StepRun, words: string, work: () => Promise<T>): Promise<T> {
  const { context, shard, session, step } = run;
  const told = new Set<string>();
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      const found = await withSession(shard, context.config, 'read', (other) =>
        other.blockers(session.server.sessionId),
      );
      for (const blocker of found) {
        const who = blocker.replace(/ for \d+ s/, '');
        if (told.has(who)) continue;
        told.add(who);
        context.emit({
          type: 'warning',
          shard: shard.name,
          message: `${step.version} ${step.description}: ${words} waits for ${blocker}`,
        });
      }
    } catch {
      // the work goes on whether or not anybody can be named
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), Math.max(500, context.config.timeouts.ddlLockMs));
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
