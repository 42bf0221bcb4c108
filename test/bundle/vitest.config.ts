import { defineConfig } from 'vitest/config';

/** Tests of what `npm run bundle` wrote, one run for each: they unpack, install and start it. Not part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/bundle/*.bundle.ts'],
    setupFiles: ['test/setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
