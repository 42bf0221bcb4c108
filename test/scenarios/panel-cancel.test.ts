import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostDocument } from '../../simulator/index.ts';
import { addPicture, createMask, expectEllipse, Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

describe('cancel', () => {
  /** Where a user can be when they press Cancel. */
  const moments: Record<string, (cancel: () => void) => void> = {
    searching: (cancel) => {
      // The panel also asks before the click.
      rig.server.onHealth = () => rig.panel.isVisible('#cancel') && cancel();
    },
    reading: (cancel) => {
      rig.photoshop.onModalEnter = (name) => name !== 'Hairline mask' && cancel();
    },
    'after reading': (cancel) => {
      rig.photoshop.onModalExit = (name) => name !== 'Hairline mask' && cancel();
    },
    waiting: (cancel) => {
      rig.server.onPicture = cancel;
    },
    writing: (cancel) => {
      rig.photoshop.onModalEnter = (name) => name === 'Hairline mask' && cancel();
    },
  };

  test.each(Object.keys(moments))('in the panel while %s leaves everything as it was', async (moment) => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({}));
    const before = { snapshot: doc.snapshot(), states: doc.historyStates.length };
    moments[moment]!(() => rig.panel.click('#cancel'));
    expect(await rig.click()).toBe('cancelled: Cancelled.');
    expect(doc.snapshot()).toBe(before.snapshot);
    expect(doc.historyStates.length).toBe(before.states);
    rig.expectClean();
  });

  test.each([
    ['Hairline: reading', false],
    ['Hairline: reading', true],
    ['Hairline mask', false],
    ['Hairline mask', true],
  ])('in the progress bar, at every moment of "%s" (a cancelled scope resolves: %s)', async (scope, resolves) => {
    await rig.open({ faults: { cancelledScopeResolves: resolves } });
    let cancelled = 0;
    for (let turns = 0; ; turns++) {
      const doc = rig.photoshop.openPixels(createPicture({}));
      const before = { snapshot: doc.snapshot(), states: doc.historyStates.length };
      // Every call into Photoshop takes a turn of the event loop, so counting turns reaches every one of them.
      const count = (left: number) => {
        if (!rig.photoshop.isModal) return;
        if (left <= 0) rig.photoshop.cancelModal();
        else setImmediate(() => count(left - 1));
      };
      rig.photoshop.onModalEnter = (name) => name === scope && count(turns);
      const end = await rig.click();
      rig.expectClean();
      if (end.startsWith('done')) {
        expectEllipse(doc, 'Layer 0');
        if (turns > 3 && doc.historyStates.length === before.states + 1) break;
      } else {
        cancelled++;
        expect(end).toBe('cancelled: Cancelled.');
        expect(doc.snapshot()).toBe(before.snapshot);
        expect(doc.historyStates.length).toBe(before.states);
      }
      rig.photoshop.close(doc);
    }
    expect(cancelled).toBeGreaterThan(3);
  });
});

describe('the user works on meanwhile', () => {
  test.each<[string, string, (doc: HostDocument) => void]>([
    ['closes the document', 'document was closed', (doc) => rig.photoshop.close(doc)],
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
      'A mask was added',
      (doc) => {
        doc.findLayer('Model').mask = createMask(doc);
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
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ width: 130, height: 90 }));
    addPicture(doc, {});
    let after = '';
    rig.server.onPicture = () => {
      change(doc);
      after = doc.snapshot();
    };
    expect(await rig.click()).toMatch(/^failed: /);
    expect(rig.panel.text('#status')).toContain(words);
    expect(doc.snapshot()).toBe(after);
    rig.expectClean();
  });
});
