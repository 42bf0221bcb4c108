import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Scenario tests run real networks on the CPU; on a slow machine one run takes many seconds.
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});
