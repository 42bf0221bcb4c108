import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of functions: no server, no child process, no built files. They share one process and its imports. */
const QUICK = [
  'test/page/**/*.test.ts',
  'test/plugin/**/*.test.ts',
  'test/protocol/**/*.test.ts',
  'test/server/imaging/**/*.test.ts',
  'test/server/jobs/**/*.test.ts',
  'test/server/matting/**/*.test.ts',
  'test/simulator/**/*.test.ts',
  'test/words/**/*.test.ts',
];

export default defineConfig({
  test: {
    setupFiles: ['test/setup.ts'],
    // For tests that load ONNX Runtime by themselves; the server sets it on its own.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    // Scenario tests run real networks on the CPU; on a slow machine one run takes many seconds.
    testTimeout: 120_000,
    hookTimeout: 600_000,
    // Vitest leaves one core idle by itself, which is half of a machine with two.
    maxWorkers: availableParallelism(),
    projects: [
      { extends: true, test: { name: 'quick', include: QUICK, isolate: false } },
      { extends: true, test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: QUICK } },
    ],
  },
});
