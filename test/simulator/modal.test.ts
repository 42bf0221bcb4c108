import { describe, expect, it } from 'vitest';
import type { HostDocument, SimulatedPhotoshop } from '../../simulator/index.ts';
import { gradient, inPlugin, photo, photoshop } from './helpers.ts';

function open(sim: SimulatedPhotoshop): HostDocument {
  const doc = sim.openPixels({ width: 4, height: 4, data: gradient(4, 4, () => 255), channels: 4 });
  return doc;
}

/** Puts a mask on the active layer; for use inside a plugin script. */
const putMask = `async function putMask(value = 9) {
  const { width, height, id } = app.activeDocument;
  const data = new Uint8Array(width * height).fill(value);
  const imageData = await imaging.createImageDataFromBuffer(data, { width, height, components: 1, colorSpace: 'Grayscale' });
  try { await imaging.putLayerMask({ documentID: id, layerID: app.activeDocument.activeLayers[0].id, imageData }); }
  finally { imageData.dispose(); }
}
const modal = (fn, more) => core.executeAsModal(fn, { commandName: 'Test', ...more });
const suspend = (context, name = 'Step') =>
  context.hostControl.suspendHistory({ documentID: app.activeDocument.id, name });
const caught = async (fn) => { try { await fn(); } catch (error) { return error.message; } };
`;

describe('outside a modal scope', () => {
  const only = 'The requested functionality is only allowed from inside a modal scope.';
  const event = (name: string) =>
    `Event: ${name} may modify the state of Photoshop. Such events are only allowed from inside a modal scope`;

  it('refuses imaging and every change, allows reads of properties', async () => {
    const sim = photoshop();
    const doc = open(sim);
    const before = doc.snapshot();
    const found = await inPlugin(
      sim,
      `${putMask} const layer = app.activeDocument.activeLayers[0];
      const [mask] = await action.batchPlay([{ _obj: 'get', _target: [{ _property: 'hasUserMask' }, { _ref: 'layer', _id: layer.id }] }], {});
      return [await caught(() => imaging.getPixels({})), await caught(() => imaging.getLayerMask({ layerID: layer.id })),
        await caught(() => putMask()), await caught(() => { layer.name = 'x'; }), await caught(() => { layer.allLocked = true; }),
        await caught(() => action.batchPlay([{ _obj: 'make', new: { _class: 'channel' } }], {})),
        await caught(() => app.activeDocument.closeWithoutSaving()), layer.name, mask.hasUserMask, core.isModal()];`,
    );
    const changes = [event('set'), event('set'), event('make'), event('close')];
    expect(found).toEqual([only, only, only, ...changes, 'Layer 0', false, false]);
    expect(doc.snapshot()).toBe(before);
  });

  it('refuses a call that only happens to run while a scope is open', async () => {
    const sim = photoshop();
    open(sim);
    const script = `${putMask} let message; const p = modal(() => new Promise((resolve) => setTimeout(resolve, 30)));
      message = await caught(() => putMask()); await p; return message;`;
    expect(await inPlugin(sim, script)).toBe(only);
  });

  it('allows reads where told to', async () => {
    const sim = photoshop({ strictReads: false });
    open(sim);
    expect(await inPlugin(sim, `return (await imaging.getPixels({})).imageData.width;`)).toBe(4);
  });
});

describe('executeAsModal', () => {
  it('passes results, errors and the descriptor through, and nests', async () => {
    const sim = photoshop();
    const script = `${putMask} const inner = () => modal(async (context, descriptor) => [descriptor.a, { ...context }, core.isModal()], { descriptor: { a: 1 } });
      return [await modal(inner), await caught(() => modal(async () => { throw new Error('mine'); })),
        await caught(() => modal(async () => 1, { descriptor: { f() {} } }))];`;
    const bad = 'executeAsModal: descriptor must not contain functions';
    expect(await inPlugin(sim, script)).toEqual([[1, {}, true], 'mine', bad]);
    expect(sim.modalLog.map((entry) => entry.commandName)).toEqual(['Test', 'Test']);
  });

  it('is busy with the plugin itself when two run at once', async () => {
    const script = `${putMask} const sleep = () => new Promise((resolve) => setTimeout(resolve, 40));
      const first = modal(sleep); const second = await modal(sleep).catch((error) => [error.number, error.message]);
      const third = await modal(async () => 'waited', { timeOut: 2 }); await first; return [second, third];`;
    const found = [[9, 'Plugin: test.tiny is running a modal command'], 'waited'];
    expect(await inPlugin(photoshop(), script)).toEqual(found);
  });

  it('is busy for as long as told, unless timeOut is longer', async () => {
    const script = `${putMask} const tries = []; for (let i = 0; i < 4; i++)
      tries.push(await modal(async () => 'ran').catch((error) => [error.number, error.message])); return tries;`;
    const refused = [9, 'host is in a modal state'];
    expect(await inPlugin(photoshop({ faults: { busy: 3 } }), script)).toEqual([refused, refused, refused, 'ran']);
    const patient = `${putMask} return modal(async () => 'ran', { timeOut: 5 });`;
    expect(await inPlugin(photoshop({ faults: { busy: 3 } }), patient)).toBe('ran');
  });
});

describe('history', () => {
  it('is one state per suspension, under its final name, and none when nothing changed', async () => {
    const sim = photoshop();
    const doc = open(sim);
    const script = `${putMask} await modal(async (context) => { await context.hostControl.resumeHistory(await suspend(context, 'Nothing')); });
      await modal(async (context) => { const id = await suspend(context); await putMask(); await putMask(8); id.finalName = 'Final';
        await context.hostControl.resumeHistory(id, true); });
      await modal(async (context) => { await suspend(context, 'Left open'); await putMask(7); });
      await modal(async () => { await putMask(6); });`;
    await inPlugin(sim, script);
    expect(doc.historyStates.map((state) => state.name)).toEqual(['Open', 'Final', 'Left open', 'Put Layer Mask']);
    doc.undo();
    expect(doc.layers[0]!.mask!.data[0]).toBe(7);
    doc.undo();
    doc.undo();
    expect(doc.layers[0]!.mask).toBeNull();
  });

  it('rolls back exactly when the callback throws', async () => {
    const sim = photoshop();
    const doc = sim.openPixels({ width: 4, height: 4, data: photo(4, 4), channels: 3 });
    const before = doc.snapshot();
    const script = `${putMask} return caught(() => modal(async (context) => { await suspend(context);
      await action.batchPlay([{ _obj: 'set', _target: [{ _ref: 'layer', _property: 'background' }], to: { _obj: 'layer' } }], {});
      const layer = app.activeDocument.activeLayers[0]; layer.name = 'x'; await putMask();
      await layer.duplicate(); throw new Error([layer.isBackgroundLayer, app.activeDocument.layers.length].join()); }));`;
    expect(await inPlugin(sim, script)).toBe('false,2');
    expect(doc.snapshot()).toBe(before);
    expect(doc.historyStates).toHaveLength(1);
  });

  it('cannot be suspended while an Action owns it', async () => {
    const sim = photoshop({ faults: { suspendHistoryUnavailable: true } });
    const doc = open(sim);
    const script = `${putMask} return modal(async (context) => { const id = await suspend(context); await putMask();
      return [id, await caught(() => context.hostControl.resumeHistory(id))]; });`;
    expect(await inPlugin(sim, script)).toEqual([4294967295, 'resumeHistory: invalid history suspension undefined']);
    expect(doc.historyStates).toHaveLength(2);
  });

  it('can be suspended through the document', async () => {
    const sim = photoshop();
    const doc = open(sim);
    const script = `${putMask} const seen = []; await app.activeDocument.suspendHistory(async (context) => {
      seen.push(context.document === app.activeDocument, typeof context.hostControl.suspendHistory); await putMask(); await putMask(); }, 'Wrapped');
      seen.push(await caught(() => app.activeDocument.suspendHistory(async () => { await putMask(1); throw new Error('no'); }, 'Failed')));
      return seen;`;
    expect(await inPlugin(sim, script)).toEqual([true, 'function', 'no']);
    expect(doc.historyStates.map((state) => state.name)).toEqual(['Open', 'Wrapped']);
    expect(doc.layers[0]!.mask!.data[0]).toBe(9);
  });

  it('closes registered documents when the scope ends', async () => {
    const sim = photoshop();
    open(sim);
    const script = `${putMask} await modal((context) => context.hostControl.registerAutoCloseDocument(app.activeDocument.id)); return app.documents.length;`;
    expect(await inPlugin(sim, script)).toBe(0);
  });
});

describe('cancel', () => {
  it('makes every later call throw and undoes the scope', async () => {
    const sim = photoshop();
    const doc = open(sim);
    const before = doc.snapshot();
    // By what has happened, not by the clock: a busy computer may need longer for the mask than any timer would wait.
    sim.onModalEnter = () => {
      const look = () => (doc.layers[0]!.name === 'masked' ? sim.cancelModal() : setImmediate(look));
      look();
    };
    const script = `${putMask} const seen = []; const end = await caught(() => modal(async (context) => {
      context.onCancel = ({ reason }) => seen.push(reason); seen.push(context.isCancelled);
      await suspend(context); await putMask(); app.activeDocument.activeLayers[0].name = 'masked';
      while (!context.isCancelled) await new Promise((resolve) => setTimeout(resolve, 1)); seen.push(context.isCancelled); seen.push(await caught(() => putMask())); seen.push(await caught(() => app.activeDocument.name));
      seen.push(await caught(() => context.reportProgress({ value: 1 }))); })); return [seen, end, app.activeDocument.name.length > 0];`;
    const text = 'User cancelled the operation.';
    expect(await inPlugin(sim, script)).toEqual([[undefined, 'user', true, text, text, text], text, true]);
    expect(doc.snapshot()).toBe(before);
  });
});

describe('a document that the user closes', () => {
  it('turns every use of it into an error', async () => {
    const sim = photoshop();
    const doc = open(sim);
    sim.onModalExit = () => sim.close(doc);
    const script = `${putMask} const d = app.activeDocument, layer = d.activeLayers[0], id = d.id; await modal(async () => {});
      const pixels = await caught(() => modal(() => imaging.getPixels({ documentID: id, layerID: layer.id })));
      return [d.id === id, await caught(() => d.name), await caught(() => layer.name), pixels, app.activeDocument];`;
    const text = `The document with documentID ${doc.id} does not exist.`;
    expect(await inPlugin(sim, script)).toEqual([true, text, text, text, null]);
  });
});
