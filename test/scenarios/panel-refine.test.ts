import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PORTS } from '../../protocol/limits.ts';
import { openEncoded } from '../../server/imaging/codec.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import type { HostDocument, LayerMask } from '../../simulator/index.ts';
import { startRealServer } from '../fixtures/isnet.ts';
import { createMask, Rig } from './panel-driver.ts';
import { createPicture, maskAt } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

/** What the user painted: the left half. */
function paintHalf(doc: HostDocument): LayerMask {
  const mask = createMask(doc);
  return { ...mask, data: mask.data.map((_, index) => (index % doc.width < doc.width / 2 ? 255 : 0)) };
}

describe('the edge of a mask that is there', () => {
  test('goes to the server with the picture, and the old mask stays as a channel', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ channels: 4 }));
    doc.activeLayers[0]!.mask = paintHalf(doc);
    expect(await rig.click()).toMatch(/^asking/);
    rig.panel.click('#answer-refine');
    await rig.panel.waitFor(() => rig.panel.text('#status').startsWith('Mask added'), 20_000, 'the mask');
    const [{ width, mask }] = rig.server.received as [(typeof rig.server.received)[0]];
    expect(mask?.length).toBe(doc.width * doc.height);
    expect([mask![width / 2 - 1], mask![width / 2]]).toEqual([255, 0]);
    expect(doc.channels.map(({ name }) => name)).toEqual(['Layer 0 mask']);
    rig.expectClean();
  });

  test('16 bits in a 16-bit document, a step of an Action, and nothing to ask any more', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ depth: 16, channels: 4 }));
    const data = new Uint16Array(doc.width * doc.height).map((_, index) => (index % doc.width < 40 ? 32768 : 0));
    doc.activeLayers[0]!.mask = { ...createMask(doc), data };
    doc.history.record('Add Layer Mask');
    rig.panel.click('#options-toggle');
    rig.panel.click('#existingMask sp-menu-item:nth-child(3)');
    rig.photoshop.startRecordingAction();
    expect(await rig.click()).toMatch(/^done/);
    expect(rig.server.received[0]!.mask?.length).toBe(doc.width * doc.height * 2);
    const steps = rig.photoshop.stopRecordingAction();
    doc.undo();
    await rig.panel.playStep(steps[0]!);
    expect(rig.server.received[1]!.mask?.length).toBe(doc.width * doc.height * 2);
    rig.expectClean();
  });

  test('is not offered where the edge of another matte is applied', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ channels: 4 }));
    expect(await rig.click()).toMatch(/^done/);
    doc.activeLayers[0]!.mask = paintHalf(doc);
    rig.panel.click('#edge-toggle');
    rig.panel.click('#apply-edge');
    await rig.panel.waitFor(() => rig.panel.isVisible('#answer-replace'), 20_000, 'the question');
    expect(rig.panel.isVisible('#answer-refine')).toBe(false);
  });

  test('a mask of one value is refused in words', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ channels: 4 }));
    doc.activeLayers[0]!.mask = { ...createMask(doc), outside: 0 };
    expect(await rig.click()).toMatch(/^asking/);
    rig.panel.click('#answer-refine');
    await rig.panel.waitFor(() => rig.panel.text('#status').includes('has no edge to refine'), 20_000, 'the refusal');
    expect(rig.server.received).toEqual([]);
  });
});

test('a rough mask of a photo becomes what the networks see, with the real server', { timeout: 600_000 }, async () => {
  const server = await startRealServer();
  try {
    await rig.open({ ports: { [PORTS[0]]: server.port } });
    const photo = await readFile(path.join(packageRoot, 'docs/pictures/astronaut.png'));
    const doc = rig.photoshop.openPixels({
      name: 'astronaut.png',
      ...(await (await openEncoded(photo)).readRaster(8)),
    });
    await makeMask('#mask-subject');
    const layer = doc.layers[0]!;
    const fine = valuesOf(doc);
    // Squares of eight pixels, as a large brush leaves them.
    const rough = fine.map((_, index) => {
      const [x, y] = [index % doc.width, Math.floor(index / doc.width)];
      return fine[(y & ~7) * doc.width + (x & ~7)]! > 0.5 ? 255 : 0;
    });
    layer.mask = { ...layer.mask!, data: Uint8Array.from(rough) };
    expect(await rig.click()).toMatch(/^asking/);
    await makeMask('#answer-refine');
    const refined = valuesOf(doc);
    const distance = (values: number[]) => values.reduce((sum, value, i) => sum + Math.abs(value - fine[i]!), 0);
    expect(distance(refined)).toBeLessThan(distance(rough.map((value) => value / 255)) / 2);
  } finally {
    await server.close();
  }

  async function makeMask(button: string): Promise<void> {
    rig.panel.click(button);
    await rig.panel.waitFor(() => rig.panel.text('#status').startsWith('Mask added'), 280_000, 'the mask');
  }

  function valuesOf(doc: HostDocument): number[] {
    const pixels = Array.from({ length: doc.width * doc.height }, (_, index) => index);
    return pixels.map((index) => maskAt(doc.layers[0]!, index % doc.width, Math.floor(index / doc.width)));
  }
});
