import { parseArgs } from 'node:util';
import { REDIS } from '../../fixtures/redis-server.ts';
import { measureChaos } from './chaos.ts';
import { measureFairness } from './fairness.ts';
import { measureOverhead } from './overhead.ts';
import type { Row } from './row.ts';
import { measureThroughput } from './throughput.ts';
import { measureUpgrade } from './upgrade.ts';

/**
 * The queue of a studio against aims, with a real Redis on this computer that ends with it.
 * Usage, 0 leaves a part out: npm run bench:studio [-- --overhead 5 --workers 8 --crowd 100 --jobs 5000 --kills 50 --fairness 1000 --upgrade 400]
 */
const { values } = parseArgs({
  options: {
    overhead: { type: 'string', default: '5' },
    workers: { type: 'string', default: '8' },
    crowd: { type: 'string', default: '100' },
    jobs: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '50' },
    fairness: { type: 'string', default: '1000' },
    upgrade: { type: 'string', default: '400' },
  },
});
const number = (name: keyof typeof values) => Number(values[name]);

if (REDIS === null) {
  console.error('Install redis-server first.');
  process.exit(1);
}

const row: Row = (what, aim, measured) => console.log(`| ${what} | ${aim} | ${measured} |`);

console.log(`Redis ${REDIS}\n| what | aim | measured |\n|---|---|---|`);
if (number('overhead') > 0) await measureOverhead(number('overhead'), row);
if (number('workers') > 0) await measureThroughput({ most: number('workers'), crowd: number('crowd') }, row);
if (number('jobs') > 0) await measureChaos({ jobs: number('jobs'), kills: number('kills') }, row);
if (number('fairness') > 0) await measureFairness(number('fairness'), row);
if (number('upgrade') > 0) await measureUpgrade(number('upgrade'), row);
