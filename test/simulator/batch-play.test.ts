import { describe, expect, it } from 'vitest';
import { gradient, inPlugin, photo, photoshop } from './helpers.ts';

const start = `const MASK = { _ref: 'channel', _enum: 'channel', _value: 'mask' };
  const play = (...list) => core.executeAsModal(() => action.batchPlay(list, {}), { commandName: 'Play' });
  const make = (how) => ({ _obj: 'make', new: { _class: 'channel' }, at: MASK, using: { _enum: 'userMaskEnabled', _value: how } });
  const SELECTION = [{ _ref: 'channel', _property: 'selection' }];`;

function twoLayers() {
  const sim = photoshop();
  const doc = sim.openPixels({ width: 4, height: 2, data: photo(4, 2), channels: 3 });
  const layer = doc.addLayer({ name: 'Top', left: 1, width: 2, height: 2, data: gradient(2, 2, () => 255) });
  return { sim, doc, layer };
}

describe('masks', () => {
  it('makes, refuses a second, deletes and applies', async () => {
    const { sim, doc, layer } = twoLayers();
    const script = `${start} const made = await play(make('hideAll')); const again = await play(make('revealAll'), make('revealAll'));
      await play({ _obj: 'delete', _target: [MASK], apply: false }); await play(make('hideAll'));
      await play({ _obj: 'delete', _target: [MASK], apply: true }); return [made, again];`;
    const refused = { _obj: 'error', message: 'The command "Make" is not currently available.', result: -25920 };
    expect(await inPlugin(sim, script)).toEqual([[{}], [refused]]);
    expect(layer.mask).toBeNull();
    expect([...layer.pixels!.data].filter((_, i) => i % 4 === 3)).toEqual([0, 0, 0, 0]);
    doc.undo();
    expect(layer.mask?.data).toEqual(new Uint8Array(8));
  });

  it('throws where told to, and for arguments that are no list', async () => {
    const { sim } = twoLayers();
    sim.faults.batchPlayThrows = true;
    await expect(inPlugin(sim, `${start} await play(make('revealSelection'));`)).rejects.toThrow('"Make"');
    await expect(inPlugin(sim, `await action.batchPlay({ _obj: 'get' });`)).rejects.toThrow('must be an array');
    await expect(inPlugin(sim, `${start} await play({ _obj: 'liquify' });`)).rejects.toThrow('"liquify"');
  });

  it('goes by way of the selection', async () => {
    const { sim, doc, layer } = twoLayers();
    const script = `${start} await core.executeAsModal(async () => {
        const imageData = await imaging.createImageDataFromBuffer(Uint8Array.of(0, 0, 80, 255), { width: 4, height: 1, components: 1, colorSpace: 'Grayscale' });
        await imaging.putSelection({ imageData }); imageData.dispose(); }, { commandName: 'x' });
      const { left, right } = app.activeDocument.selection.bounds;
      await play(make('revealSelection'), { _obj: 'set', _target: SELECTION, to: { _enum: 'ordinal', _value: 'none' } });
      return [left, right, app.activeDocument.selection.bounds];`;
    expect(await inPlugin(sim, script)).toEqual([2, 4, null]);
    expect(layer.mask!.data).toEqual(Uint8Array.of(0, 0, 80, 255, 0, 0, 0, 0));
    const load = `${start} await play({ _obj: 'set', _target: SELECTION, to: { _ref: [MASK, { _ref: 'layer', _id: ${layer.id} }] } });`;
    await inPlugin(sim, load);
    expect(doc.selection!.data).toEqual(layer.mask!.data);
  });
});

describe('the Background', () => {
  const script = `${start} await play({ _obj: 'select', _target: [{ _ref: 'layer', _name: 'Background' }] });
    const { id } = app.activeDocument.backgroundLayer; const refused = await play(make('revealAll'));
    await play({ _obj: 'set', _target: [{ _ref: 'layer', _property: 'background' }], to: { _obj: 'layer' }, layerID: 77 });
    const [layer] = app.activeDocument.activeLayers;
    return [refused[0]._obj, layer.name, layer.isBackgroundLayer, layer.id === id, app.activeDocument.backgroundLayer];`;

  it('has no mask until it is a layer', async () => {
    const { sim, doc } = twoLayers();
    expect(await inPlugin(sim, script)).toEqual(['error', 'Layer 0', false, true, null]);
    expect(doc.findLayer('Layer 0').pixels?.channels).toBe(4);
  });

  it('may get a new id', async () => {
    const { sim } = twoLayers();
    sim.faults.backgroundConversionChangesId = true;
    expect(await inPlugin(sim, script)).toEqual(['error', 'Layer 0', false, false, null]);
  });
});

describe('reading', () => {
  it('describes layers and documents, one or many', async () => {
    const { sim, doc, layer } = twoLayers();
    const script = `const target = [{ _ref: 'layer', _id: ${layer.id} }, { _ref: 'document', _id: ${doc.id} }];
      const [a, b, c, d] = await action.batchPlay([{ _obj: 'get', _target: target },
        { _obj: 'get', _target: [{ _property: 'title' }, { _ref: 'document', _id: ${doc.id} }] },
        { _obj: 'multiGet', _target: [{ _ref: 'document', _id: ${doc.id} }], extendedReference: [['name', 'background'], { _obj: 'layer', index: 0, count: -1 }] },
        { _obj: 'get', _target: [{ _ref: 'layer', _id: 999 }] }], { continueOnError: true });
      return [a.hasUserMask, a.layerKind, a.bounds.left._value, 'userMaskEnabled' in a, b, c.list, d._obj,
        action.validateReference(target), action.validateReference([{ _ref: 'layer', _id: 999 }])];`;
    const list = [
      { name: 'Background', background: true },
      { name: 'Top', background: false },
    ];
    expect(await inPlugin(sim, script)).toEqual([false, 1, 1, false, { title: doc.name }, list, 'error', true, false]);
  });
});

describe('actions', () => {
  it('records steps only while recording, and plays them through a global', async () => {
    const sim = photoshop();
    const script = `globalThis.handler = async (context, info) => { window.played = [info.size, core.isModal()]; return { size: 2 }; };
      const step = { name: 'Mask', methodName: 'handler' };
      await action.recordAction(step, { size: 0 });
      const errors = [];
      await action.recordAction(step).catch((error) => errors.push(error.message));
      await action.recordAction({ name: 'x', methodName: 3 }, {}).catch((error) => errors.push(error.message));
      window.record = () => action.recordAction(step, { size: 1 });
      return errors;`;
    const missing = 'Failed Error: Argument 2 is missing';
    expect(await inPlugin(sim, script)).toEqual([missing, 'Unsupported napi type']);
    const plugin = sim.plugins[0]!;
    sim.startRecordingAction();
    await (plugin.window.record as () => Promise<void>)();
    const [step] = sim.stopRecordingAction();
    expect(step).toEqual({ name: 'Mask', methodName: 'handler', info: { size: 1 } });
    await plugin.playStep(step!, { modal: true, recordAgain: true });
    expect(plugin.window.played).toEqual([1, true]);
    expect(step!.info).toEqual({ size: 2 });
    await expect(plugin.playStep({ ...step!, methodName: 'gone' })).rejects.toThrow('Script action failed.');
  });
});
