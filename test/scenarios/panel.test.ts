import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostDocument } from '../../simulator/index.ts';
import { addPicture, expectEllipse, expectOneState, Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

describe('a good day', () => {
  test.each([8, 16, 32] as const)(
    'masks the Background of a %i-bit photograph in one step that undo takes back',
    async (depth) => {
      await rig.open();
      const doc = rig.photoshop.openPixels(createPicture({ depth }));
      const before = { snapshot: doc.snapshot(), states: doc.historyStates.length };
      expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
      expectEllipse(doc, 'Layer 0');
      expectOneState(doc, before.states);
      expect(rig.server.received).toMatchObject([{ width: 120, height: 80, channels: 3, depth: 8 }]);
      expect(rig.panel.text('#server')).toBe('isnet on CPU');
      doc.undo();
      expect(doc.snapshot()).toBe(before.snapshot);
      rig.expectClean();
    },
  );

  test('keeps the steps of a 16-bit alpha', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ depth: 16, channels: 4 }));
    await rig.click();
    const mask = doc.findLayer('Layer 0').mask!;
    expect(new Set(mask.data).size).toBeGreaterThan(300);
  });

  test.each([
    [
      'smaller than the canvas',
      { left: 10, top: 20, width: 50, height: 30 },
      { left: 10, top: 20, width: 50, height: 30 },
    ],
    ['that sticks out', { left: -30, top: -20, width: 100, height: 130 }, { left: 0, top: 0, width: 70, height: 80 }],
  ])('masks a layer %s', async (_what, layer, visible) => {
    await rig.open();
    const doc = rig.photoshop.createDocument({ width: 120, height: 80 });
    const { data } = createPicture({ ...layer, channels: 4 });
    doc.addLayer({ name: 'Model', ...layer, data, channels: 4 });
    const states = doc.historyStates.length;
    expect(await rig.click()).toBe('done: Mask added to "Model".');
    expectEllipse(doc, 'Model', visible);
    expectOneState(doc, states);
    rig.expectClean();
  });

  test.each(['CMYK', 'Grayscale'] as const)('masks a %s document', async (mode) => {
    await rig.open();
    const doc = rig.photoshop.openPixels({ ...createPicture({}), mode });
    expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
    expectEllipse(doc, 'Layer 0');
    rig.expectClean();
  });

  test('masks the layer of the click although the user goes to another document meanwhile', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({}));
    let other: HostDocument | undefined;
    rig.server.onPicture = () => {
      other = rig.photoshop.openPixels(createPicture({ width: 40, height: 40 }));
    };
    await rig.click();
    expectEllipse(doc, 'Layer 0');
    expect(other?.findLayer('Background').mask).toBeNull();
    expect(rig.photoshop.activeDocument).toBe(other);
    rig.expectClean();
  });

  test.each<[string, Parameters<HostDocument['addLayer']>[0], (doc: HostDocument) => void]>([
    ['a smart object', { kind: 'smartObject' }, () => {}],
    ['a hidden layer', { visible: false }, () => {}],
    [
      'a layer whose pixels are locked',
      {},
      (doc) => {
        doc.findLayer('Model').locks.pixels = true;
      },
    ],
    [
      'a layer in two groups',
      {},
      (doc) => {
        const [layer] = doc.layers.splice(0, 1);
        const outer = doc.addLayer({ name: 'Outer', kind: 'group' });
        const inner = doc.addLayer({ name: 'Inner', kind: 'group', parent: outer });
        inner.children = [layer!];
        layer!.parent = inner;
        doc.activeLayers = [layer!];
      },
    ],
  ])('masks %s', async (_what, options, prepare) => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({}));
    addPicture(doc, options);
    prepare(doc);
    const states = doc.historyStates.length;
    expect(await rig.click()).toBe('done: Mask added to "Model".');
    expectEllipse(doc, 'Model');
    expectOneState(doc, states);
    expect(doc.findLayer('Background').mask).toBeNull();
    rig.expectClean();
  });

  test('masks one layer after another', async () => {
    await rig.open({ platform: 'darwin' });
    const doc = rig.photoshop.openPixels(createPicture({}));
    await rig.click();
    addPicture(doc, {});
    expect(await rig.click()).toBe('done: Mask added to "Model".');
    expect(await rig.click()).toMatch(/^asking: "Model" already has a mask/);
    rig.panel.click('#keep-mask');
    expect(rig.panel.text('#status')).toBe('Cancelled.');
    expectEllipse(doc, 'Layer 0');
    rig.expectClean();
  });

  test('the menu command does the same without the panel, and says aloud what failed', async () => {
    await rig.load();
    await rig.panel.invokeCommand('maskSubject');
    expect(rig.photoshop.alerts).toEqual(['No document is open.\nOpen a picture, then click Mask subject.']);
    const doc = rig.photoshop.openPixels(createPicture({}));
    await rig.panel.invokeCommand('maskSubject');
    expectEllipse(doc, 'Layer 0');
    expect(rig.photoshop.alerts.length).toBe(1);
  });
});

describe('a document that cannot be masked stays as it is', () => {
  test.each<[string, string, (doc: HostDocument) => void]>([
    ['an artboard', '"Board" is an artboard.', (doc) => doc.addLayer({ name: 'Board', kind: 'group', artboard: true })],
    ['an empty group', '"Group" is empty.', (doc) => doc.addLayer({ name: 'Group', kind: 'group' })],
    ['an adjustment', 'adjustment layer', (doc) => doc.addLayer({ name: 'Curves', kind: 'curves' })],
    ['a fill layer', 'fill or shape layer', (doc) => doc.addLayer({ name: 'Fill', kind: 'solidColor' })],
    ['an empty layer', '"Empty" is empty.', (doc) => doc.addLayer({ name: 'Empty' })],
    [
      'no layer',
      'No layer is selected.',
      (doc) => {
        doc.activeLayers = [];
      },
    ],
    ['a locked layer', 'is locked.', (doc) => void addPicture(doc, { locked: true })],
    ['a layer beside the canvas', 'outside the canvas', (doc) => void addPicture(doc, { left: 500 })],
    [
      'a layer in a locked group',
      'in a locked group',
      (doc) => void addPicture(doc, { parent: doc.addLayer({ name: 'Group', kind: 'group', locked: true }) }),
    ],
  ])('%s', async (_what, words, prepare) => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({}));
    prepare(doc);
    const before = { snapshot: doc.snapshot(), states: doc.historyStates.length };
    expect(await rig.click()).toMatch(/^failed: /);
    expect(rig.panel.text('#status')).toContain(words);
    expect(rig.panel.text('#hint')).toMatch(/^[A-Z].*\.$/);
    expect(doc.snapshot()).toBe(before.snapshot);
    expect(doc.historyStates.length).toBe(before.states);
    expect(rig.server.received).toEqual([]);
    rig.expectClean();
  });

  test('no document', async () => {
    await rig.open();
    expect(await rig.click()).toBe('failed: No document is open.');
  });

  test.each([
    ['Indexed', 'Indexed Color'],
    ['Bitmap', 'Bitmap'],
    ['Duotone', 'Duotone'],
    ['Multichannel', 'Multichannel'],
  ] as const)('%s', async (mode, name) => {
    await rig.open();
    rig.photoshop.openPixels({ ...createPicture({}), mode });
    expect(await rig.click()).toBe(`failed: Hairline cannot make masks in ${name} mode.`);
  });
});

describe('the server', () => {
  test('is not running', async () => {
    // Another program holds the first port, the others are closed.
    rig.server.name = 'somebody else';
    await rig.open();
    rig.photoshop.openPixels(createPicture({}));
    // Said before the first click, too.
    await rig.panel.waitFor(() => rig.panel.text('#server') === 'Server not running', 8000);
    expect((rig.panel.document.querySelector('#command') as unknown as { value: string }).value).toBe('npm start');
    expect(rig.panel.isVisible('#start-server')).toBe(true);
    expect(await rig.click()).toBe('failed: The Hairline server is not running.');
  });

  test('is of another version', async () => {
    rig.server.protocol += 1;
    await rig.open();
    rig.photoshop.openPixels(createPicture({}));
    expect(await rig.click()).toBe('failed: This panel is older than the Hairline server (0.1.0).');
  });

  test('has no model yet', async () => {
    rig.server.state = 'missing';
    await rig.open();
    rig.photoshop.openPixels(createPicture({}));
    expect(await rig.click()).toBe('failed: The model is not downloaded yet.');
    expect(rig.server.received).toEqual([]);
  });

  test('is busy at first, then not', async () => {
    rig.server.failures = [{ status: 503, code: 'QUEUE_FULL', retryAfter: '1' }];
    await rig.open();
    rig.photoshop.openPixels(createPicture({}));
    expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
  });

  test('explains a failure itself', async () => {
    rig.server.failures = [{ status: 503, code: 'INFERENCE_FAILED' }];
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({}));
    const before = doc.snapshot();
    expect(await rig.click()).toBe('failed: The server says no.');
    expect(rig.panel.text('#hint')).toBe('Ask again.');
    expect(doc.snapshot()).toBe(before);
    rig.expectClean();
  });

  test('dies in the middle', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({}));
    const before = doc.snapshot();
    rig.server.onPicture = async () => {
      await rig.server.stop();
    };
    expect(await rig.click()).toBe('failed: The Hairline server stopped answering.');
    expect(doc.snapshot()).toBe(before);
    rig.expectClean();
  });

  test.each([true, false])('is forbidden by Photoshop (send throws: %s)', async (xhrDenialThrows) => {
    await rig.open({ permissionMatching: 'none', faults: { xhrDenialThrows } });
    rig.photoshop.openPixels(createPicture({}));
    expect(await rig.click()).toBe('failed: Photoshop does not allow Hairline to reach its server.');
    expect(rig.panel.text('#detail')).toContain('Manifest entry not found');
  });

  test.each(['arraybuffer', 'arrayBuffer'] as const)(
    'answers where only %s gives bytes',
    async (arrayBufferSpelling) => {
      await rig.open({ faults: { arrayBufferSpelling } });
      rig.photoshop.openPixels(createPicture({}));
      expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
    },
  );
});
