import { describe, expect, it } from 'vitest';
import { gradient, photo, photoshop } from './helpers.ts';

type Module = ReturnType<ReturnType<typeof photoshop>['photoshop']>;
const imagingOf = (module: Module) => module.imaging!;
const modal = <T>(module: Module, fn: () => Promise<T>) =>
  module.core.executeAsModal(fn, { commandName: 'Test' }) as Promise<T>;

describe('getPixels', () => {
  it('trims to the pixels that exist and says where they are', async () => {
    const sim = photoshop();
    const doc = sim.createDocument({ width: 20, height: 20 });
    const alpha = (x: number, y: number) => (x >= 2 && x < 5 && y >= 3 && y < 4 ? 255 : 0);
    const layer = doc.addLayer({ left: -3, top: 10, width: 8, height: 8, data: gradient(8, 8, alpha) });
    const ps = sim.photoshop();
    await modal(ps, async () => {
      const got = await imagingOf(ps).getPixels({ documentID: doc.id, layerID: layer.id });
      expect(got.sourceBounds).toEqual({ left: -1, top: 13, right: 2, bottom: 14 });
      expect([got.imageData.width, got.imageData.height, got.imageData.components, got.level]).toEqual([3, 1, 4, 0]);
      expect([...(await got.imageData.getData())]).toEqual([2, 3, 7, 255, 3, 3, 7, 255, 4, 3, 7, 255]);
      got.imageData.dispose();
      await expect(got.imageData.getData()).rejects.toThrow('disposed');
      const empty = { documentID: doc.id, layerID: layer.id, sourceBounds: { left: 5, top: 0, right: 9, bottom: 9 } };
      await expect(imagingOf(ps).getPixels(empty)).rejects.toThrow('grabPixels: got invalid empty image region');
    });
    expect(sim.imageDataAlive).toBe(0);
  });

  it('has the user mask applied, unless the mask is disabled or its density is 0', async () => {
    const sim = photoshop();
    const doc = sim.createDocument({ width: 4, height: 1 });
    const mask = { left: 1, top: 0, width: 2, height: 1, data: Uint8Array.of(255, 51), outside: 0 };
    const layer = doc.addLayer({ data: gradient(4, 1, () => 200), mask });
    const ps = sim.photoshop();
    const alphas = () =>
      modal(ps, async () => {
        const { imageData, sourceBounds } = await imagingOf(ps).getPixels({ documentID: doc.id, layerID: layer.id });
        const data = await imageData.getData();
        imageData.dispose();
        return [sourceBounds.left, ...data.filter((_: number, i: number) => i % 4 === 3)];
      });
    expect(await alphas()).toEqual([1, 200, 40]);
    layer.mask = { ...layer.mask!, density: 0 };
    expect(await alphas()).toEqual([0, 200, 200, 200, 200]);
    layer.mask = { ...layer.mask, density: 100, enabled: false };
    expect(await alphas()).toEqual([0, 200, 200, 200, 200]);
  });

  it('gives 3 components for a Background and none of the alpha in Grayscale and Lab', async () => {
    const sim = photoshop();
    const ps = sim.photoshop();
    const components = (options: object) =>
      modal(ps, async () => {
        const { imageData } = await imagingOf(ps).getPixels(options);
        const { components, pixelFormat, colorSpace } = imageData;
        imageData.dispose();
        return [components, pixelFormat, colorSpace];
      });
    const back = sim.openPixels({ width: 4, height: 4, data: photo(4, 4), channels: 3 });
    expect(await components({ documentID: back.id, layerID: back.layers[0]!.id })).toEqual([3, 'RGB', 'RGB']);
    const data = gradient(4, 4, () => 128);
    const gray = sim.openPixels({ width: 4, height: 4, data, channels: 4, mode: 'Grayscale' });
    const id = gray.layers[0]!.id;
    expect(await components({ layerID: id })).toEqual([1, 'Grayscale', 'Grayscale']);
    expect(await components({ layerID: id, colorSpace: 'RGB' })).toEqual([4, 'RGBA', 'RGB']);
    expect(await components({ layerID: id, colorSpace: 'RGB', applyAlpha: true })).toEqual([3, 'RGB', 'RGB']);
    const cmyk = sim.openPixels({ width: 4, height: 4, data, channels: 4, mode: 'CMYK' });
    await expect(components({ layerID: cmyk.layers[0]!.id })).rejects.toThrow('CMYK');
  });

  it('reads 16-bit as 0..32768, as 0..65535 with fullRange, and converts to 8', async () => {
    const sim = photoshop();
    const data = Uint16Array.of(0, 16384, 32768);
    const doc = sim.openPixels({ width: 1, height: 1, data, channels: 3 });
    const ps = sim.photoshop();
    const read = (componentSize: number, fullRange: boolean) =>
      modal(ps, async () => {
        const { imageData } = await imagingOf(ps).getPixels({ layerID: doc.layers[0]!.id, componentSize });
        const values = await imageData.getData({ fullRange });
        imageData.dispose();
        return values;
      });
    expect(await read(-1, false)).toEqual(Uint16Array.of(0, 16384, 32768));
    expect(await read(-1, true)).toEqual(Uint16Array.of(0, 32768, 65535));
    expect(await read(8, false)).toEqual(Uint8Array.of(0, 128, 255));
    // 32 bits are linear light.
    expect([...(await read(32, false))].map((v) => Math.round(v * 1000))).toEqual([0, 214, 1000]);
  });

  it('reports the bounds of a shrunken read in the coordinates of its level', async () => {
    const sim = photoshop();
    const doc = sim.openPixels({ width: 64, height: 32, data: photo(64, 32), channels: 3 });
    const ps = sim.photoshop();
    await modal(ps, async () => {
      const options = { documentID: doc.id, layerID: doc.layers[0]!.id, targetSize: { width: 16 } };
      const { imageData, sourceBounds, level } = await imagingOf(ps).getPixels(options);
      expect([imageData.width, imageData.height, level]).toEqual([16, 8, 2]);
      expect(sourceBounds).toEqual({ left: 0, top: 0, right: 16, bottom: 8 });
      imageData.dispose();
    });
  });
});

describe('putLayerMask', () => {
  async function put(sim: ReturnType<typeof photoshop>, layerID: number, data: unknown, width: number, more = {}) {
    const ps = sim.photoshop();
    await modal(ps, async () => {
      const imaging = imagingOf(ps);
      const height = (data as Uint8Array).length / width;
      const options = { width, height, components: 1, colorSpace: 'Grayscale', ...more };
      const imageData = await imaging.createImageDataFromBuffer(data, options);
      await imaging.putLayerMask({ layerID, imageData, ...more }).finally(() => imageData.dispose());
    });
  }

  it('makes the mask, replaces it, and merges with replace:false', async () => {
    const sim = photoshop();
    const doc = sim.createDocument({ width: 4, height: 1 });
    const { id } = doc.addLayer({ data: gradient(4, 1, () => 255) });
    await put(sim, id, Uint8Array.of(10, 20), 2, { targetBounds: { left: 1, top: 0 } });
    expect(doc.layers[0]!.mask).toMatchObject({ left: 1, width: 2, data: Uint8Array.of(10, 20), outside: 0 });
    await put(sim, id, Uint8Array.of(30), 1, { targetBounds: { left: 3, top: 0 }, replace: false });
    expect(doc.layers[0]!.mask).toMatchObject({ left: 1, width: 3, data: Uint8Array.of(10, 20, 30) });
    sim.faults.maskOutside = 255;
    await put(sim, id, Uint8Array.of(40), 1);
    expect(doc.layers[0]!.mask).toMatchObject({ left: 0, width: 1, data: Uint8Array.of(40), outside: 255 });
    expect(doc.historyStates.at(-1)?.name).toBe('Put Layer Mask');
  });

  it('refuses backgrounds, locked layers, fills, Lab, color, and 16-bit where told to', async () => {
    const sim = photoshop();
    const refused = async (layerID: number, data: unknown = new Uint8Array(4), width = 2, more = {}) =>
      expect(put(sim, layerID, data, width, more)).rejects.toThrow();
    const back = sim.openPixels({ width: 2, height: 2, data: photo(2, 2), channels: 3 });
    await refused(back.layers[0]!.id);
    const doc = sim.createDocument({ width: 2, height: 2 });
    await refused(doc.addLayer({ locked: true, data: gradient(2, 2, () => 255) }).id);
    await refused(doc.addLayer({ kind: 'gradientFill' }).id);
    const { id } = doc.addLayer({ data: gradient(2, 2, () => 255) });
    await refused(id, new Uint8Array(12), 2, { components: 3, colorSpace: 'RGB', height: 2 });
    await refused(id, new Uint8Array(3), 2, { height: 2 });
    await refused(id, Uint16Array.of(40000), 1);
    sim.faults.reject16BitMask = true;
    await refused(id, Uint16Array.of(100), 1);
    await put(sim, doc.addLayer({ kind: 'curves' }).id, new Uint8Array(4), 2);
    const lab = sim.openPixels({ width: 2, height: 2, data: gradient(2, 2, () => 9), channels: 4, mode: 'Lab' });
    await refused(lab.layers[0]!.id);
    expect(sim.imageDataAlive).toBe(0);
  });

  it('keeps 16 bits in a 16-bit document, full range scaled down', async () => {
    const sim = photoshop();
    const data = Uint16Array.of(1, 2, 3, 32768);
    const doc = sim.openPixels({ width: 1, height: 1, data, channels: 4 });
    await put(sim, doc.layers[0]!.id, Uint16Array.of(65535), 1, { fullRange: true });
    expect(doc.layers[0]!.mask!.data).toEqual(Uint16Array.of(32768));
    await put(sim, doc.layers[0]!.id, Uint8Array.of(255), 1);
    expect(doc.layers[0]!.mask!.data).toEqual(Uint16Array.of(32768));
  });

  it('can show the reported zero-block bug', async () => {
    const sim = photoshop({ faults: { maskZeroBlockTurnsWhite: true } });
    const doc = sim.createDocument({ width: 128, height: 64 });
    const { id } = doc.addLayer({ data: gradient(128, 64, () => 255) });
    const data = new Uint8Array(128 * 64);
    data[127] = 1;
    await put(sim, id, data, 128);
    expect([doc.layers[0]!.mask!.data[0], doc.layers[0]!.mask!.data[126]]).toEqual([255, 0]);
  });
});

it('copies a full-size picture once on each way', async () => {
  const [width, height] = [4096, 2732];
  const sim = photoshop();
  const doc = sim.openPixels({ width, height, data: new Uint16Array(width * height * 4).fill(9), channels: 4 });
  const ps = sim.photoshop();
  await modal(ps, async () => {
    const { imageData } = await imagingOf(ps).getPixels({ layerID: doc.layers[0]!.id, componentSize: 8 });
    expect((await imageData.getData()).length).toBe(width * height * 4);
    imageData.dispose();
    const options = { width, height, components: 1, colorSpace: 'Grayscale', fullRange: true };
    const mask = await imagingOf(ps).createImageDataFromBuffer(new Uint16Array(width * height), options);
    await imagingOf(ps).putLayerMask({ layerID: doc.layers[0]!.id, imageData: mask });
    mask.dispose();
  });
  expect(sim.bytesCopied).toBe(width * height * (4 + 2 + 2));
});
