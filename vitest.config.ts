import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    // For tests that load ONNX Runtime by themselves; the server sets it on its own.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    // Scenario tests run real networks on the CPU; on a slow machine one run takes many seconds.
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});
