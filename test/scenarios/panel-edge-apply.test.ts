import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostDocument, HostOptions } from '../../simulator/index.ts';
import { ellipseAt } from './fake-server.ts';
import { createMask, expectEllipse, Rig } from './panel-driver.ts';
import { createPicture, maskAt } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

/** A document with a mask of the last run, whose edge is open and about to become hard. */
async function start(options: HostOptions = {}): Promise<HostDocument> {
  await rig.open(options);
  const doc = rig.photoshop.openPixels(createPicture({}));
  expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
  await openEdge();
  return doc;
}

async function openEdge(): Promise<void> {
  rig.panel.click('#edge-toggle');
  await previewed();
  rig.panel.type('#edge-contrast', '100');
  await previewed(rig.server.edges.length);
}

/** Waits until the server was asked for more than `count` previews. */
const previewed = (count = 0) => rig.panel.waitFor(() => rig.server.edges.length > count, 10_000, 'a preview');

/** Clicks Apply or another button, and answers with how the run ended. */
async function press(selector = '#apply-edge'): Promise<string> {
  const root = rig.panel.document.querySelector('#panel')!;
  const state = () => root.getAttribute('data-state') ?? '';
  root.setAttribute('data-state', 'before the click');
  rig.panel.click(selector);
  const ends = ['done', 'failed', 'cancelled', 'asking'];
  await rig.panel.waitFor(() => ends.includes(state()), 20_000, 'the end of the run');
  return `${state()}: ${rig.panel.text('#status')}`;
}

function expectHard(doc: HostDocument): void {
  for (let y = 0; y < doc.height; y++) {
    for (let x = 0; x < doc.width; x++) {
      const expected = Math.round(ellipseAt(x, y, doc.width, doc.height));
      if (maskAt(doc.layers[0]!, x, y) !== expected) throw new Error(`${maskAt(doc.layers[0]!, x, y)} at ${x},${y}`);
    }
  }
}

const states = (doc: HostDocument) => doc.historyStates.slice(1).map(({ name }) => name);

/** The user paints on the mask in Photoshop. */
function paint(doc: HostDocument): void {
  doc.layers[0]!.mask = createMask(doc);
  doc.history.record('Brush Tool');
}

describe('Apply', () => {
  test('replaces the mask of the run, in one step, from the matte that the server has', async () => {
    const doc = await start();
    expect(await press()).toBe('done: Mask added to "Layer 0".');
    expectHard(doc);
    expect([states(doc), doc.channels, rig.server.received.length]).toEqual([
      ['Hairline mask', 'Hairline mask'],
      [],
      1,
    ]);
    doc.undo();
    expectEllipse(doc, 'Layer 0');
    rig.expectClean();
  });

  test('asks about a mask that was painted on, and keeps it', async () => {
    const doc = await start();
    paint(doc);
    const painted = doc.snapshot();
    expect(await press()).toMatch(/^asking: "Layer 0" already has a mask\./);
    expect(doc.snapshot()).toBe(painted);
    expect(await press('#answer-replace')).toBe('done: Mask added to "Layer 0".');
    expectHard(doc);
    expect(doc.channels.map(({ name }) => name)).toEqual(['Layer 0 mask']);
    expect(states(doc)).toEqual(['Hairline mask', 'Brush Tool', 'Hairline mask']);
    doc.undo();
    expect(doc.snapshot()).toBe(painted);
    rig.expectClean();
  });

  test('has the matte made again where the server has dropped it, and says nothing of that', async () => {
    const doc = await start();
    rig.server.forgetMattes();
    expect(await press()).toBe('done: Mask added to "Layer 0".');
    expectHard(doc);
    expect([rig.server.received.length, states(doc)]).toEqual([2, ['Hairline mask', 'Hairline mask']]);
    expect(doc.channels).toEqual([]);
    rig.expectClean();
  });

  test('says so where the layer is gone, and leaves the document alone', async () => {
    const doc = await start();
    doc.layers = [];
    doc.activeLayers = [];
    const before = doc.snapshot();
    expect(await press()).toMatch(/^failed: The layer was deleted/);
    expect(doc.snapshot()).toBe(before);
    rig.expectClean();
  });

  test.each<[string, boolean, boolean]>([
    ['the panel', false, false],
    ['the panel', false, true],
    ['the progress bar', true, false],
    ['the progress bar', true, true],
  ])('cancelled in %s in any call (Esc: %s, with a dropped matte: %s): all or nothing', async (_where, isEsc, gone) => {
    const doc = await start();
    const before = { snapshot: doc.snapshot(), states: doc.historyStates.length };
    let ends = 0;
    for (let at = 1; ends === 0; at++) {
      if (gone) rig.server.forgetMattes();
      let calls = 0;
      rig.photoshop.onCall = () => {
        if (++calls !== at) return;
        if (!isEsc) rig.panel.click('#cancel');
        else if (rig.photoshop.isModal) rig.photoshop.cancelModal();
      };
      const end = await press();
      rig.photoshop.onCall = undefined;
      rig.expectClean();
      if (end.startsWith('done')) {
        expectHard(doc);
        expect(doc.historyStates.length).toBe(before.states + 1);
        // In the last call it may be too late for a cancel; past that there was none.
        if (calls < at) ends++;
        doc.undo();
      } else {
        expect(end).toBe('cancelled: Cancelled.');
        expect(doc.historyStates.length).toBe(before.states);
      }
      expect(doc.snapshot()).toBe(before.snapshot);
      expect(at).toBeLessThan(200);
    }
  });

  test.each(['before it is asked', 'while it works'])('a server that is gone %s leaves everything', async (when) => {
    const doc = await start();
    const before = doc.snapshot();
    if (when === 'while it works') rig.server.onEdge = () => rig.server.dropConnections();
    else await rig.server.stop();
    expect(await press()).toMatch(/^failed: The (Hairline server|connection)/);
    expect(doc.snapshot()).toBe(before);
    rig.expectClean();
  });
});

describe('a preview whose matte is gone', () => {
  test('goes on with another matte; the document is only read', async () => {
    const doc = await start();
    const before = doc.snapshot();
    rig.server.forgetMattes();
    rig.panel.type('#edge-feather', '10');
    await rig.panel.waitFor(() => rig.server.received.length === 2);
    await rig.panel.waitFor(
      () => rig.server.edges.at(-1)?.feather === 5 && rig.server.answered === rig.server.edges.length,
    );
    expect([doc.snapshot(), rig.panel.text('#preview-news'), rig.panel.text('#status')]).toEqual([
      before,
      '',
      'Mask added to "Layer 0".',
    ]);
    rig.expectClean();
  });

  test.each(['#mask-subject', '#batch-start'])('gives way to %s, which has Photoshop to itself', async (button) => {
    await start();
    const other = rig.photoshop.openPixels({ ...createPicture({}), name: 'other' });
    rig.server.forgetMattes();
    const scopes: string[] = [];
    rig.photoshop.onModalEnter = (name) => {
      scopes.push(name);
      // In the middle of what the preview reads.
      if (scopes.length === 1) rig.panel.click(button);
    };
    rig.panel.type('#edge-feather', '10');
    await rig.panel.waitFor(() => other.layers[0]!.mask !== null, 20_000, 'the mask of the other document');
    expectEllipse(other, 'Layer 0');
    await rig.panel.waitFor(() => rig.panel.isVisible('#mask-subject') && rig.panel.isVisible('#batch-start'));
    // And goes on when it may.
    const { received, edges } = rig.server;
    const looked = () =>
      edges.length > 0 && rig.panel.text('#preview-news') === '' && rig.panel.isVisible('#preview-image');
    await rig.panel.waitFor(looked, 10_000, 'a preview');
    expect(received.length).toBeGreaterThan(1);
    expect(scopes[1]).toBe('Hairline: reading');
    rig.expectClean();
  });
});
