import { describe, expect, it } from 'vitest';
import { flatten } from '../../simulator/composite.ts';
import type { HostDocument, HostLayer } from '../../simulator/index.ts';
import { gradient, inPlugin, photo, photoshop } from './helpers.ts';

const start = `const { PLACEBEFORE } = constants.ElementPlacement;
  const modal = (body) => core.executeAsModal(body, { commandName: 'Layers' });
  const doc = app.activeDocument;
  const find = (name, layers = doc.layers) => layers.flatMap((l) => [l, ...(l.layers ?? [])]).find((l) => l.name === name);
  const play = (...list) => action.batchPlay(list, {});`;

function open(faults = {}) {
  const sim = photoshop({ faults });
  const doc = sim.openPixels({ width: 4, height: 2, data: photo(4, 2), channels: 3 });
  return { sim, doc };
}

const add = (doc: HostDocument, name: string, options: Partial<Parameters<HostDocument['addLayer']>[0]> = {}) =>
  doc.addLayer({ name, width: 4, height: 2, data: gradient(4, 2, () => 255), channels: 4, ...options });

const names = (layers: readonly HostLayer[]) => layers.map(({ name, clipped }) => (clipped ? `> ${name}` : name));

describe('layers', () => {
  it('are made above the active one, in its group, and moved', async () => {
    const { sim, doc } = open();
    const group = doc.addLayer({ name: 'Group', kind: 'group' });
    add(doc, 'Inside', { parent: group });
    const script = `${start} await modal(async () => {
      const made = await doc.createPixelLayer({ name: 'New' });
      made.move(find('Background'), PLACEBEFORE);
      await doc.createPixelLayer({ name: 'Second' });
    });`;
    await inPlugin(sim, script);
    expect(names(doc.layers)).toEqual(['Group', 'Second', 'New', 'Background']);
    expect(group.children.length).toBe(1);
    expect(names(doc.activeLayers)).toEqual(['Second']);
  });

  it('cannot be put into a locked group, nor the Background moved', async () => {
    const { sim, doc } = open();
    const group = doc.addLayer({ name: 'Group', kind: 'group', locked: true });
    add(doc, 'Inside', { parent: group });
    const move = (what: string, where: string) =>
      inPlugin(sim, `${start} await modal(() => find('${what}').move(find('${where}'), PLACEBEFORE));`);
    await expect(inPlugin(sim, `${start} await modal(() => doc.createPixelLayer());`)).rejects.toThrow('"Make"');
    add(doc, 'Top');
    await expect(move('Top', 'Inside')).rejects.toThrow('"Move"');
    await expect(move('Background', 'Top')).rejects.toThrow('"Move"');
    await expect(inPlugin(sim, `${start} find('Top').move(find('Background'), PLACEBEFORE);`)).rejects.toThrow(
      'modal scope',
    );
  });

  it.each([true, false])('put between a layer and what is clipped to it join them, or not: %s', async (joins) => {
    const { sim, doc } = open({ insertedJoinsClipping: joins });
    add(doc, 'Base');
    add(doc, 'Rider', { clipped: true });
    add(doc, 'New');
    await inPlugin(sim, `${start} await modal(() => find('New').move(find('Base'), PLACEBEFORE));`);
    expect(names(doc.layers)).toEqual(['> Rider', joins ? '> New' : 'New', 'Base', 'Background']);
  });

  it('that are released release those above', async () => {
    const { sim, doc } = open();
    add(doc, 'One', { clipped: true });
    add(doc, 'Two', { clipped: true });
    await inPlugin(sim, `${start} await modal(() => { find('One').isClippingMask = false; });`);
    expect(names(doc.layers)).toEqual(['Two', 'One', 'Background']);
    const lowest = `${start} await modal(() => { find('Background').isClippingMask = true; });`;
    await expect(inPlugin(sim, lowest)).rejects.toThrow('Clipping');
  });
});

describe('clipped layers', () => {
  it('color what they are clipped to and show nowhere else', () => {
    const sim = photoshop();
    const doc = sim.createDocument({ width: 4, height: 2 });
    add(doc, 'Base', { width: 2, data: gradient(2, 2, () => 128) });
    add(doc, 'Rider', { clipped: true, data: gradient(4, 2, () => 255).fill(200) });
    const pixelAt = (x: number) => [...flatten(doc, doc.layers, doc.rect).data.subarray(x * 4, x * 4 + 4)];
    expect([pixelAt(1)[0], pixelAt(1)[3], pixelAt(3)[3]]).toEqual([157, 128, 0]);
    doc.findLayer('Base').visible = false;
    expect(pixelAt(1)[3]).toBe(0);
  });
});

describe('groups', () => {
  const merge = `${start} return modal(async () => {
      await play({ _obj: 'duplicate', _target: [{ _ref: 'layer', _id: find('Group').id }] });
      return play({ _obj: 'mergeLayersNew' });
    });`;

  it('merge into one layer of what they show, the original untouched', async () => {
    const { sim, doc } = open();
    const group = doc.addLayer({ name: 'Group', kind: 'group' });
    add(doc, 'Shown', { parent: group, width: 2, data: gradient(2, 2, () => 255) });
    add(doc, 'Hidden', { parent: group, visible: false });
    doc.activeLayers = [group];
    await inPlugin(sim, merge);
    expect(doc.layers.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      'Group copy: pixel',
      'Group: group',
      'Background: pixel',
    ]);
    expect(doc.layers[0]!.bounds).toEqual({ left: 0, top: 0, right: 2, bottom: 2 });
    expect(group.children.length).toBe(2);
  });

  it('that are hidden do not merge', async () => {
    const { sim, doc } = open();
    doc.activeLayers = [doc.addLayer({ name: 'Group', kind: 'group', visible: false })];
    expect(await inPlugin(sim, merge)).toMatchObject([{ _obj: 'error' }]);
  });
});

describe('channels', () => {
  it('are the picture own ones and those that were saved, 56 at most', async () => {
    const { sim, doc } = open();
    const script = `${start} await modal(async () => {
      await play({ _obj: 'make', new: { _obj: 'channel', name: 'Empty' } });
      await doc.selection.selectAll();
      await doc.selection.save('Full');
    }); return Array.from(doc.channels, ({ name }) => name);`;
    expect(await inPlugin(sim, script)).toEqual(['Red', 'Green', 'Blue', 'Empty', 'Full']);
    expect(doc.channels.map(({ mask }) => mask.data[0])).toEqual([0, 255]);
    while (doc.channels.length < 53) doc.channels.push(doc.channels[0]!);
    await expect(inPlugin(sim, `${start} await modal(() => doc.selection.save('More'));`)).rejects.toThrow('"Make"');
  });
});

describe('masks in pixels', () => {
  it.each([
    ['enabled', [100, 255]],
    ['always', [100, 100]],
    ['never', [255, 255]],
  ] as const)('%s', async (maskInPixels, expected) => {
    const { sim, doc } = open({ maskInPixels });
    const layer = add(doc, 'Masked', {
      mask: { left: 0, top: 0, width: 4, height: 2, data: new Uint8Array(8).fill(100) },
    });
    const found = [];
    for (const enabled of [true, false]) {
      layer.mask = { ...layer.mask!, enabled };
      const script = `${start} return modal(async () => {
        const { imageData } = await imaging.getPixels({ layerID: find('Masked').id });
        const data = await imageData.getData();
        imageData.dispose();
        return data[3];
      });`;
      found.push(await inPlugin(sim, script));
    }
    expect(found).toEqual(expected);
  });
});
