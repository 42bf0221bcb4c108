import { runQuality } from './quality-run.ts';
import { forkServer } from './quality-server.ts';

/**
 * How good the mattes are: the standard metrics over a folder of pictures with hand-made alpha.
 * Usage: npm run bench:quality -- <folder> [options]; without arguments it lists them.
 */
try {
  await runQuality(process.argv.slice(2), {
    startServer: forkServer,
    print: (line) => console.log(line),
    say: (line) => console.error(line),
  });
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
