import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'],
          pool: 'threads',
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'servers',
          include: [
            'test/servers/**/*.test.ts',
            'test/dialects/**/*.test.ts',
            'test/run/**/*.test.ts',
            'test/cli/**/*.test.ts',
            'test/example.test.ts',
          ],
          pool: 'forks',
          globalSetup: ['test/support/servers/setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
