import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HostDocument, type HostOptions, type LoadedPlugin, SimulatedPhotoshop } from '../host/index.ts';
import { ellipseAt, FakeServer } from './fake-server.ts';
import { createPicture, maskAt } from './pictures.ts';

/** The built plugin, exactly as Photoshop loads it. */
const folder = fileURLToPath(new URL('../../dist/photoshop', import.meta.url));

let server: FakeServer;
let photoshop: SimulatedPhotoshop;
let panel: LoadedPlugin;

beforeEach(async () => {
  server = await new FakeServer().start();
});
afterEach(async () => {
  await photoshop.dispose();
  await server.stop();
});

async function open(options: HostOptions = {}): Promise<void> {
  photoshop = new SimulatedPhotoshop(options);
  panel = await photoshop.loadPlugin(folder);
  await panel.showPanel();
  expect(panel.errors).toEqual([]);
}

const root = () => panel.document.querySelector('#panel')!;
const ends = ['done', 'failed', 'cancelled'];

/** Clicks the button and answers with how the run ended. */
async function click(): Promise<string> {
  root().setAttribute('data-state', 'before the click');
  panel.click('#mask-subject');
  const state = () => root().getAttribute('data-state') ?? '';
  await panel.waitFor(() => ends.includes(state()), 20_000, 'the end of the run');
  return `${state()}: ${panel.text('#status')}`;
}

/** What must be true after any run at all. */
function expectClean(): void {
  expect(photoshop.imageDataAlive).toBe(0);
  expect(photoshop.isModal).toBe(false);
  expect(panel.errors).toEqual([]);
  expect(panel.isVisible('#mask-subject')).toBe(true);
  expect(panel.isVisible('#cancel')).toBe(false);
}

/** The mask of the layer is the ellipse over `region`, and hides everything else. */
function expectEllipse(doc: HostDocument, name: string, region = { left: 0, top: 0, width: 0, height: 0 }): void {
  const { left, top } = region;
  const width = region.width || doc.width;
  const height = region.height || doc.height;
  const layer = doc.findLayer(name);
  let worst = 0;
  for (let y = 0; y < doc.height; y++) {
    for (let x = 0; x < doc.width; x++) {
      const inside = x >= left && y >= top && x < left + width && y < top + height;
      const expected = inside ? ellipseAt(x - left, y - top, width, height) : 0;
      worst = Math.max(worst, Math.abs(maskAt(layer, x, y) - expected));
    }
  }
  expect(worst).toBeLessThan(1 / 255);
}

function expectOneState(doc: HostDocument, before: number): void {
  expect(doc.historyStates.slice(before).map(({ name }) => name)).toEqual(['Hairline mask']);
}

describe('a good day', () => {
  test.each([8, 16, 32] as const)(
    'masks the Background of a %i-bit photograph in one step that undo takes back',
    async (depth) => {
      await open();
      const doc = photoshop.openPixels(createPicture({ depth }));
      const before = { snapshot: doc.snapshot(), states: doc.historyStates.length };
      expect(await click()).toBe('done: Mask added to "Layer 0".');
      expectEllipse(doc, 'Layer 0');
      expectOneState(doc, before.states);
      expect(server.received).toMatchObject([{ width: 120, height: 80, channels: 3, depth: 8 }]);
      expect(panel.text('#server')).toBe('isnet on CPU');
      doc.undo();
      expect(doc.snapshot()).toBe(before.snapshot);
      expectClean();
    },
  );

  test('keeps the steps of a 16-bit alpha', async () => {
    await open();
    const doc = photoshop.openPixels(createPicture({ depth: 16, channels: 4 }));
    await click();
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
    await open();
    const doc = photoshop.createDocument({ width: 120, height: 80 });
    const { data } = createPicture({ ...layer, channels: 4 });
    doc.addLayer({ name: 'Model', ...layer, data, channels: 4 });
    const states = doc.historyStates.length;
    expect(await click()).toBe('done: Mask added to "Model".');
    expectEllipse(doc, 'Model', visible);
    expectOneState(doc, states);
    expectClean();
  });

  test.each(['CMYK', 'Grayscale'] as const)('masks a %s document', async (mode) => {
    await open();
    const doc = photoshop.openPixels({ ...createPicture({}), mode });
    expect(await click()).toBe('done: Mask added to "Layer 0".');
    expectEllipse(doc, 'Layer 0');
    expectClean();
  });

  test('masks the layer of the click although the user goes to another document meanwhile', async () => {
    await open();
    const doc = photoshop.openPixels(createPicture({}));
    let other: HostDocument | undefined;
    server.onPicture = () => {
      other = photoshop.openPixels(createPicture({ width: 40, height: 40 }));
    };
    await click();
    expectEllipse(doc, 'Layer 0');
    expect(other?.findLayer('Background').mask).toBeNull();
    expect(photoshop.activeDocument).toBe(other);
    expectClean();
  });

  test('the menu command does the same without the panel, and says aloud what failed', async () => {
    photoshop = new SimulatedPhotoshop();
    panel = await photoshop.loadPlugin(folder);
    await panel.invokeCommand('maskSubject');
    expect(photoshop.alerts).toEqual(['No document is open.\nOpen a picture, then click Mask subject.']);
    const doc = photoshop.openPixels(createPicture({}));
    await panel.invokeCommand('maskSubject');
    expectEllipse(doc, 'Layer 0');
    expect(photoshop.alerts.length).toBe(1);
  });
});

describe('a document that cannot be masked stays as it is', () => {
  test.each<[string, string, (doc: HostDocument) => void]>([
    ['a group', '"Group" is a group.', (doc) => doc.addLayer({ name: 'Group', kind: 'group' })],
    ['an adjustment', 'adjustment layer', (doc) => doc.addLayer({ name: 'Curves', kind: 'curves' })],
    ['a fill layer', 'fill layer', (doc) => doc.addLayer({ name: 'Fill', kind: 'solidColor' })],
    ['an empty layer', '"Empty" is empty.', (doc) => doc.addLayer({ name: 'Empty' })],
    [
      'no layer',
      'No layer is selected.',
      (doc) => {
        doc.activeLayers = [];
      },
    ],
    ['a locked layer', 'is locked.', (doc) => void addPicture(doc, { locked: true })],
    ['a masked layer', 'already has a mask', (doc) => void addPicture(doc, { mask: {} })],
    ['a layer beside the canvas', 'outside the canvas', (doc) => void addPicture(doc, { left: 500 })],
    [
      'a layer in a locked group',
      'in a locked group',
      (doc) => void addPicture(doc, { parent: doc.addLayer({ name: 'Group', kind: 'group', locked: true }) }),
    ],
    [
      'several layers',
      'Several layers',
      (doc) => {
        doc.activeLayers = [addPicture(doc, {}), ...doc.activeLayers];
      },
    ],
  ])('%s', async (_what, words, prepare) => {
    await open();
    const doc = photoshop.openPixels(createPicture({}));
    prepare(doc);
    const before = { snapshot: doc.snapshot(), states: doc.historyStates.length };
    expect(await click()).toMatch(/^failed: /);
    expect(panel.text('#status')).toContain(words);
    expect(panel.text('#hint')).toMatch(/^[A-Z].*\.$/);
    expect(doc.snapshot()).toBe(before.snapshot);
    expect(doc.historyStates.length).toBe(before.states);
    expect(server.received).toEqual([]);
    expectClean();
  });

  test('no document', async () => {
    await open();
    expect(await click()).toBe('failed: No document is open.');
  });

  test('Indexed Color', async () => {
    await open();
    photoshop.openPixels({ ...createPicture({}), mode: 'Indexed' });
    expect(await click()).toBe('failed: Hairline cannot make masks in Indexed Color mode.');
  });
});

function addPicture(doc: HostDocument, options: Parameters<HostDocument['addLayer']>[0]) {
  const { data } = createPicture({ channels: 4, depth: doc.depth });
  return doc.addLayer({ name: 'Model', width: 120, height: 80, data, channels: 4, ...options });
}

describe('the server', () => {
  test('is not running', async () => {
    server.name = 'somebody else';
    await open();
    photoshop.openPixels(createPicture({}));
    expect(await click()).toBe('failed: The Hairline server is not running.');
    expect(panel.text('#server')).toBe('Server not running');
  });

  test('is of another version', async () => {
    server.protocol += 1;
    await open();
    photoshop.openPixels(createPicture({}));
    expect(await click()).toBe('failed: This panel is older than the Hairline server (0.1.0).');
  });

  test('has no model yet', async () => {
    server.state = 'missing';
    await open();
    photoshop.openPixels(createPicture({}));
    expect(await click()).toBe('failed: The model is not downloaded yet.');
    expect(server.received).toEqual([]);
  });

  test('is busy at first, then not', async () => {
    server.failures = [{ status: 503, code: 'QUEUE_FULL', retryAfter: '1' }];
    await open();
    photoshop.openPixels(createPicture({}));
    expect(await click()).toBe('done: Mask added to "Layer 0".');
  });

  test('explains a failure itself', async () => {
    server.failures = [{ status: 503, code: 'INFERENCE_FAILED' }];
    await open();
    const doc = photoshop.openPixels(createPicture({}));
    const before = doc.snapshot();
    expect(await click()).toBe('failed: The server says no.');
    expect(panel.text('#hint')).toBe('Ask again.');
    expect(doc.snapshot()).toBe(before);
    expectClean();
  });

  test('dies in the middle', async () => {
    await open();
    const doc = photoshop.openPixels(createPicture({}));
    const before = doc.snapshot();
    server.onPicture = async () => {
      await server.stop();
    };
    expect(await click()).toBe('failed: The Hairline server stopped answering.');
    expect(doc.snapshot()).toBe(before);
    expectClean();
  });

  test.each([true, false])('is forbidden by Photoshop (send throws: %s)', async (xhrDenialThrows) => {
    await open({ permissionMatching: 'premiere', faults: { xhrDenialThrows } });
    photoshop.openPixels(createPicture({}));
    expect(await click()).toMatch(/^failed: /);
    if (xhrDenialThrows) expect(panel.text('#detail')).toContain('Manifest entry not found');
  });

  test.each(['arraybuffer', 'arrayBuffer'] as const)(
    'answers where only %s gives bytes',
    async (arrayBufferSpelling) => {
      await open({ faults: { arrayBufferSpelling } });
      photoshop.openPixels(createPicture({}));
      expect(await click()).toBe('done: Mask added to "Layer 0".');
    },
  );
});

describe('cancel', () => {
  /** Where a user can be when they press Cancel. */
  const moments: Record<string, (cancel: () => void) => void> = {
    searching: (cancel) => {
      server.onHealth = cancel;
    },
    reading: (cancel) => {
      photoshop.onModalEnter = (name) => name !== 'Hairline mask' && cancel();
    },
    'after reading': (cancel) => {
      photoshop.onModalExit = (name) => name !== 'Hairline mask' && cancel();
    },
    waiting: (cancel) => {
      server.onPicture = cancel;
    },
    writing: (cancel) => {
      photoshop.onModalEnter = (name) => name === 'Hairline mask' && cancel();
    },
  };

  test.each(Object.keys(moments))('in the panel while %s leaves everything as it was', async (moment) => {
    await open();
    const doc = photoshop.openPixels(createPicture({}));
    const before = { snapshot: doc.snapshot(), states: doc.historyStates.length };
    moments[moment]!(() => panel.click('#cancel'));
    expect(await click()).toBe('cancelled: Cancelled.');
    expect(doc.snapshot()).toBe(before.snapshot);
    expect(doc.historyStates.length).toBe(before.states);
    expectClean();
  });

  test.each([false, true])(
    'in the progress bar, at every moment of both modal scopes (resolves: %s)',
    async (resolves) => {
      await open({ faults: { cancelledScopeResolves: resolves } });
      let cancelled = 0;
      for (let turns = 0; ; turns++) {
        const doc = photoshop.openPixels(createPicture({}));
        const before = { snapshot: doc.snapshot(), states: doc.historyStates.length };
        // Every call into Photoshop takes a turn of the event loop, so counting turns reaches every one of them.
        const count = (left: number) => {
          if (!photoshop.isModal) return;
          if (left <= 0) photoshop.cancelModal();
          else setImmediate(() => count(left - 1));
        };
        photoshop.onModalEnter = (name) => name === 'Hairline mask' && count(turns);
        const end = await click();
        expectClean();
        if (end.startsWith('done')) {
          expectEllipse(doc, 'Layer 0');
          if (turns > 3 && doc.historyStates.length === before.states + 1) break;
        } else {
          cancelled++;
          expect(end).toBe('cancelled: Cancelled.');
          expect(doc.snapshot()).toBe(before.snapshot);
          expect(doc.historyStates.length).toBe(before.states);
        }
        photoshop.close(doc);
      }
      expect(cancelled).toBeGreaterThan(3);
    },
  );
});

describe('the user works on meanwhile', () => {
  test.each<[string, string, (doc: HostDocument) => void]>([
    ['closes the document', 'document was closed', (doc) => photoshop.close(doc)],
    [
      'deletes the layer',
      'layer was deleted',
      (doc) => {
        doc.layers = doc.layers.slice(1);
        doc.activeLayers = doc.layers;
      },
    ],
    [
      'adds a mask',
      'got a mask',
      (doc) => {
        doc.findLayer('Model').mask = maskedLayer(doc);
      },
    ],
    [
      'locks the layer',
      'is locked',
      (doc) => {
        doc.findLayer('Model').locks.all = true;
      },
    ],
    [
      'crops the document',
      'changed size',
      (doc) => {
        doc.width -= 10;
      },
    ],
    [
      'moves the layer',
      'moved or changed',
      (doc) => {
        const layer = doc.findLayer('Model');
        layer.pixels = { ...layer.pixels!, left: 5 };
      },
    ],
    [
      'flips the layer',
      'moved or changed',
      (doc) => {
        const layer = doc.findLayer('Model');
        const pixels = layer.pixels!;
        layer.pixels = { ...pixels, data: createPicture({ channels: 4, flipped: true }).data };
      },
    ],
  ])('%s: nothing is written', async (_what, words, change) => {
    await open();
    const doc = photoshop.openPixels(createPicture({ width: 130, height: 90 }));
    addPicture(doc, {});
    let after = '';
    server.onPicture = () => {
      change(doc);
      after = doc.snapshot();
    };
    expect(await click()).toMatch(/^failed: /);
    expect(panel.text('#status')).toContain(words);
    expect(doc.snapshot()).toBe(after);
    expectClean();
  });
});

function maskedLayer(doc: HostDocument) {
  const data = new Uint8Array(doc.width * doc.height);
  const place = { left: 0, top: 0, width: doc.width, height: doc.height };
  return { ...place, data, outside: 0, enabled: true, linked: true, density: 100, feather: 0 };
}

describe('Photoshop misbehaves', () => {
  const faults: HostOptions['faults'][] = [
    { maskOutside: 255 },
    { maskZeroBlockTurnsWhite: true },
    { reject16BitMask: true },
    { maskReadsTrimmed: true },
    { boundsIgnoreMask: true },
    { backgroundConversionChangesId: true },
    { batchPlayThrows: true },
    { missingMaskErrors: false },
    { missingSelectionErrors: false },
    { busy: 3 },
    { showOnce: true },
    { maskZeroBlockTurnsWhite: true, maskReadsTrimmed: true, backgroundConversionChangesId: true },
  ];

  test.each(faults)('%o', async (fault) => {
    for (const depth of [8, 16, 32] as const) {
      await open({ faults: { ...fault } });
      const doc = photoshop.openPixels(createPicture({ width: 300, height: 200, depth }));
      const states = doc.historyStates.length;
      expect(await click()).toBe('done: Mask added to "Layer 0".');
      expectEllipse(doc, 'Layer 0');
      expectOneState(doc, states);
      expectClean();
      if (depth !== 32) await photoshop.dispose();
    }
  });

  test.each(['putLayerMask refuses', 'zeros turn white'])(
    'the way through the selection keeps the selection (%s)',
    async (how) => {
      const zeros = how === 'zeros turn white';
      await open({ faults: zeros ? { maskZeroBlockTurnsWhite: true } : { labMaskErrors: true } });
      const doc = photoshop.openPixels({ ...createPicture({ width: 300, height: 200 }), mode: zeros ? 'RGB' : 'Lab' });
      const selection = {
        ...maskedLayer(doc),
        data: new Uint8Array(300 * 200).map((_, i) => (i % 300 < 20 ? i % 256 : 0)),
      };
      doc.selection = selection;
      const active = doc.activeLayers;
      expect(await click()).toBe('done: Mask added to "Layer 0".');
      expectEllipse(doc, 'Layer 0');
      expect([...doc.selection.data]).toEqual([...selection.data]);
      expect(doc.activeLayers).toEqual(active);
      expectClean();
    },
  );

  test('a Lab document without a selection has none afterwards', async () => {
    await open();
    const doc = photoshop.openPixels({ ...createPicture({}), mode: 'Lab' });
    expect(await click()).toBe('done: Mask added to "Layer 0".');
    expect(doc.selection).toBeNull();
  });

  test('an Action owns the history', async () => {
    await open({ faults: { suspendHistoryUnavailable: true } });
    const doc = photoshop.openPixels(createPicture({}));
    expect(await click()).toBe('done: Mask added to "Layer 0".');
    expectEllipse(doc, 'Layer 0');
    expectClean();
  });

  test('is busy for long', async () => {
    await open({ faults: { busy: 1000, busyHolder: 'other.plugin' } });
    const doc = photoshop.openPixels(createPicture({}));
    const before = doc.snapshot();
    expect(await click()).toBe('failed: Photoshop is busy with another command.');
    expect(panel.text('#detail')).toContain('other.plugin');
    expect(doc.snapshot()).toBe(before);
    expectClean();
  });

  test('is busy when the mask is ready', async () => {
    await open();
    const doc = photoshop.openPixels(createPicture({}));
    server.onPicture = () => {
      photoshop.faults.busy = 5;
    };
    expect(await click()).toBe('done: Mask added to "Layer 0".');
    expectEllipse(doc, 'Layer 0');
  });
});
