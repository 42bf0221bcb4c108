// `npm run property -- 2000`: as many random runs of the panel's commands. A seed after it repeats one of them.
import { spawnSync } from 'node:child_process';

const [runs = '150', seed] = process.argv.slice(2);
const env = { ...process.env, HAIRLINE_RUNS: runs, ...(seed === undefined ? {} : { HAIRLINE_SEED: seed }) };
const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  'test/commands/property.test.ts',
  'test/commands/batch-property.test.ts',
];
const { status } = spawnSync(process.execPath, vitest, { stdio: 'inherit', env });
process.exit(status ?? 1);
