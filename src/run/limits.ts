/** Runs work for every item, so many at once in all and so many for one key; results in the order of the items. */
export async function eachLimited<T, R>(
  items: readonly T[],
  limits: { readonly total: number; readonly perKey: number; keyOf(item: T): string },
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  const waiting = items.map((item, index) => ({ item, index, key: limits.keyOf(item) }));
  const running = new Map<string, number>();
  let active = 0;
  await new Promise<void>((resolve, reject) => {
    const start = () => {
      if (waiting.length === 0 && active === 0) return resolve();
      for (let i = 0; i < waiting.length && active < limits.total; ) {
        const next = waiting[i]!;
        const busy = running.get(next.key) ?? 0;
        if (busy >= limits.perKey) {
          i++;
          continue;
        }
        waiting.splice(i, 1);
        running.set(next.key, busy + 1);
        active++;
        work(next.item).then((result) => {
          results[next.index] = result;
          active--;
          running.set(next.key, running.get(next.key)! - 1);
          start();
        }, reject);
      }
    };
    start();
  });
  return results;
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** `base`, doubled with every attempt up to `most`, give or take 30 %. */
export function backoff(attempt: number, base: number, most: number): number {
  return Math.min(most, base * 2 ** attempt) * (0.7 + Math.random() * 0.6);
}
