import path from 'node:path';
import { PORTS } from '../../protocol/limits.ts';
import { loadConfig } from '../../server/config/config.ts';
import type { Picture } from '../../server/imaging/picture.ts';
import { startServer } from '../../server/main.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { SimulatedPhotoshop } from '../../simulator/index.ts';

const WIDTH = 4096;
const HEIGHT = 2732;
const RUNS = 3;

/**
 * What a run of the panel costs Photoshop: how long the user is kept out, and how many bytes cross the imaging API.
 * The simulator copies pixels as often as Photoshop must; its own speed is not Photoshop's.
 */
export async function measurePanel(photo: Picture): Promise<Record<string, string>> {
  const server = await startServer(loadConfig({ port: 0, logLevel: 'silent' }));
  const host = new SimulatedPhotoshop({ ports: { [PORTS[0]]: server.port } });
  try {
    await server.ready;
    const data = await photo.readGrid(WIDTH, HEIGHT);
    const panel = await host.loadPlugin(path.join(packageRoot, 'dist', 'photoshop'));
    await panel.showPanel();
    const runs: { read: number; write: number; bytes: number }[] = [];
    for (let i = 0; i < RUNS; i++) {
      const document = host.openPixels({ width: WIDTH, height: HEIGHT, channels: 3, data });
      const [scopes, bytes] = [host.modalLog.length, host.bytesCopied];
      panel.click('#mask-subject');
      const state = () => panel.document.querySelector('#panel')?.getAttribute('data-state') ?? '';
      const masked = () => document.historyStates.at(-1)?.name === 'Hairline mask' && state() === 'done';
      await panel.waitFor(() => masked() || state() === 'failed', 120_000, 'the mask');
      if (state() === 'failed') throw new Error(panel.text('#status'));
      const [read, write] = host.modalLog.slice(scopes).map(({ ms }) => ms);
      runs.push({ read: read ?? 0, write: write ?? 0, bytes: host.bytesCopied - bytes });
      host.close(document);
    }
    const best = runs.sort((a, b) => a.read + a.write - (b.read + b.write))[RUNS >> 1]!;
    return {
      'Photoshop blocked while reading': `${best.read.toFixed(0)} ms`,
      'Photoshop blocked while writing': `${best.write.toFixed(0)} ms`,
      'bytes over the imaging API per pixel': (best.bytes / (WIDTH * HEIGHT)).toFixed(2),
      'peak bytes held in image data per pixel': (host.peakImageBytes / (WIDTH * HEIGHT)).toFixed(2),
    };
  } finally {
    await host.dispose();
    await server.close();
  }
}
