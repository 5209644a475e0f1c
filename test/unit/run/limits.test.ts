import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoff, eachLimited } from '../../../src/run/limits.js';

it('property: never more at once than allowed, in all and per key; every item once, results in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), turns: fc.nat(3) }), { maxLength: 25 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
      async (items, total, perKey) => {
        const active = new Map<string, number>();
        let most = 0;
        let mostPerKey = 0;
        const results = await eachLimited(
          items,
          { total, perKey, keyOf: (item) => item.key },
          async (item) => {
            active.set(item.key, (active.get(item.key) ?? 0) + 1);
            const counts = [...active.values()];
            most = Math.max(
              most,
              counts.reduce((a, b) => a + b, 0),
            );
            mostPerKey = Math.max(mostPerKey, ...counts);
            for (let i = 0; i < item.turns; i++) await Promise.resolve();
            active.set(item.key, active.get(item.key)! - 1);
            return item;
          },
        );
        expect(results).toEqual(items);
        expect(most).toBeLessThanOrEqual(total);
        expect(mostPerKey).toBeLessThanOrEqual(perKey);
      },
    ),
  );
});

it('reports what the work throws', async () => {
  const limits = { total: 2, perKey: 2, keyOf: () => 'k' };
  const work = async (n: number) => {
    if (n === 2) throw new Error('two');
    return n;
  };
  await expect(eachLimited([1, 2, 3], limits, work)).rejects.toThrow('two');
});

it('waits longer with each attempt, but never much longer than the most', () => {
  for (let attempt = 0; attempt < 30; attempt++) {
    const wait = backoff(attempt, 100, 5000);
    expect(wait).toBeGreaterThanOrEqual(Math.min(5000, 100 * 2 ** attempt) * 0.7);
    expect(wait).toBeLessThanOrEqual(5000 * 1.3);
  }
});
