import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PORTS } from '../protocol/limits.ts';
import { pullProgress } from '../server/cli/progress.ts';
import { Terminal } from '../server/cli/terminal.ts';
import { loadConfig } from '../server/config/config.ts';
import { encodeAlphaPng, openEncoded } from '../server/imaging/codec.ts';
import type { AlphaPlane, Raster } from '../server/imaging/picture.ts';
import { startServer } from '../server/main.ts';
import { composeOver } from '../server/matting/composition.ts';
import { estimateForeground } from '../server/matting/foreground/estimate-foreground.ts';
import { packageRoot } from '../server/system/package-root.ts';
import { SimulatedPhotoshop } from '../simulator/index.ts';
import { drawContactSheet, findHairWindow } from './sheets/contact-sheet.ts';

/**
 * The main job without Photoshop: the real server, the built panel in a simulated Photoshop, a real photo, one click.
 * Usage: npm run demo [-- <photo>]
 */
const terminal = new Terminal();
const photo = path.resolve(
  process.argv[2] ?? path.join(packageRoot, 'node_modules/@vladmandic/face-api/demo/sample4.jpg'),
);
const folder = path.join(packageRoot, 'demo');
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

const progress = pullProgress(terminal);
// Without ISNet's 113 MB, unless they are there already: the first mask comes sooner.
const server = await startServer(loadConfig({ port: 0, logLevel: 'silent' }), {
  onProgress: progress.onProgress,
  prefetch: false,
});
// The panel sees our server alone, not one that the user may have running beside it.
const host = new SimulatedPhotoshop({ ports: { [PORTS[0]]: server.port } });
try {
  terminal.say(`Server      ${server.url}`);
  await server.ready.finally(() => progress.stop());
  const { spec, provider, reason } = await server.engine.status('auto');
  terminal.say(`Model       ${spec.name} (${spec.id}), ${spec.license.spdx} license`);
  const complete = (await server.engine.status('isnet')).state !== 'missing';
  if (!complete)
    terminal.say('Quality     Fast: ISNet, for Best, is not downloaded yet; `npm start` does that in the background');
  terminal.say(`Provider    ${provider}${reason ? ` because ${reason}` : ''}`);

  const picture = await (await openEncoded(await readFile(photo))).readRaster(8);
  const document = host.openPixels({ name: path.basename(photo), ...picture, data: picture.data });
  terminal.say(
    `Photo       ${path.basename(photo)}, ${picture.width} x ${picture.height}, opened as a Background layer`,
  );

  const panel = await host.loadPlugin(path.join(packageRoot, 'dist', 'photoshop'));
  await panel.showPanel();
  const clicked = performance.now();
  panel.click('#mask-subject');
  const state = () => panel.document.querySelector('#panel')?.getAttribute('data-state') ?? '';
  await panel.waitFor(() => ['done', 'failed', 'cancelled'].includes(state()), 120_000, 'the mask');
  const took = performance.now() - clicked;
  if (state() !== 'done') {
    throw new Error(`${panel.text('#status')} ${panel.text('#hint')}`);
  }
  const modal = host.modalLog.map(({ commandName, ms }) => `${commandName} ${seconds(ms)}`).join(', ');
  terminal.say(`Click       "Mask subject" to finished mask in ${seconds(took)} (Photoshop blocked: ${modal})`);
  terminal.say(`Panel       ${panel.text('#status')} ${panel.text('#server')}`);
  terminal.say(`History     ${document.historyStates.map(({ name }) => name).join(' > ')}`);

  const alpha = readMask();
  await mkdir(folder, { recursive: true });
  await save('portrait.psd', host.savePsd(document), 'the layer with its mask: open it in Photoshop');
  await save('alpha.png', await encodeAlphaPng(alpha), 'the alpha matte');
  const cutout = composeOver(await estimateForeground(picture, alpha), drawBackdrop(alpha.width, alpha.height));
  const sheet = await drawContactSheet(picture, alpha, cutout, findHairWindow(alpha, 267));
  await save('contact-sheet.png', sheet, 'before, mask and cut-out, and the hair at 300 %');
  await panel.unload();

  function readMask(): AlphaPlane {
    const mask = document.layers[0]?.mask;
    if (!mask) throw new Error('The layer carries no mask.');
    return { width: mask.width, height: mask.height, data: mask.data as Uint8Array };
  }
} catch (error) {
  terminal.complain(`The demo stopped. ${(error as Error).message} ${(error as { hint?: string }).hint ?? ''}`);
  process.exitCode = 1;
} finally {
  await host.dispose();
  await server.close();
}

async function save(name: string, bytes: Uint8Array, what: string): Promise<void> {
  await writeFile(path.join(folder, name), bytes);
  terminal.say(`Written     ${path.join('demo', name)}  ${what}`);
}

/** A dusk sky, lighter towards the lower left. */
function drawBackdrop(width: number, height: number): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) {
      const t = (y / height + (1 - x / width)) / 2;
      data[i] = 74 + 170 * t;
      data[i + 1] = 78 + 96 * t;
      data[i + 2] = 140 + 20 * t;
    }
  }
  return { width, height, channels: 3, data };
}
