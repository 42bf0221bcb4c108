import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostOptions } from '../../simulator/index.ts';
import { expectEllipse, expectOneState, Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

const server = (text: string) => rig.panel.waitFor(() => rig.panel.text('#server') === text, 10_000, text);

async function expectMask(): Promise<void> {
  const doc = rig.photoshop.openPixels(createPicture({}));
  expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
  expectEllipse(doc, 'Layer 0');
  expectOneState(doc, 1);
  rig.expectClean();
}

describe('works in', () => {
  test.each<HostOptions>([
    { version: '25.10.0' },
    { version: '26.11.0' },
    { version: '27.9.1' },
    { textCoding: false },
    { originHeader: 'file://' },
    { platform: 'darwin' },
    { permissionMatching: 'exact' },
    { faults: { uiLocaleMissing: true } },
    { faults: { windowEventsMissing: true } },
    { faults: { refusesPixelConversion: true } },
    { version: '25.10.0', platform: 'darwin', textCoding: false, faults: { showOnce: true, batchPlayThrows: true } },
  ])('%o', async (options) => {
    await rig.open(options);
    await server('isnet on CPU');
    await expectMask();
    // With a preview: it is sent differently.
    rig.panel.click('#edge-toggle');
    await rig.panel.waitFor(() => rig.panel.isVisible('#preview-image'), 10_000, 'a preview');
    expect(rig.panel.errors).toEqual([]);
  });
});

test('a server that may be reached by its name only is found by its name', async () => {
  await rig.open({ permissionMatching: 'names' }, 'listed');
  await server('isnet on CPU');
  expect(rig.panel.text('#server-details')).toBe('Version 0.1.0 at http://localhost:7866');
});

test('a panel that the host makes again goes on where it was', async () => {
  await rig.open();
  rig.panel.click('#subject sp-radio[value="object"]');
  await rig.panel.recreatePanel();
  await server('isnet on CPU');
  expect(rig.panel.document.querySelectorAll('#mask-subject')).toHaveLength(1);
  await expectMask();
  expect(rig.server.received.map(({ subject }) => subject)).toEqual(['object']);
});

test('a panel that is made again while a run goes on shows that run, which is cancelled there', async () => {
  await rig.open();
  const doc = rig.photoshop.openPixels(createPicture({}));
  const before = doc.snapshot();
  rig.server.onPicture = async () => {
    await rig.panel.recreatePanel();
    expect(rig.panel.isVisible('#cancel')).toBe(true);
    rig.panel.click('#cancel');
  };
  expect(await rig.click()).toBe('cancelled: Cancelled.');
  expect(doc.snapshot()).toBe(before);
  rig.expectClean();
});

test.each(['The user refused.', 'Permission denied: extension .cmd'])(
  'a launcher that is not opened (%s)',
  async (words) => {
    rig.server.name = 'somebody else';
    await rig.open({ faults: { openPathRefused: words } });
    await server('Server not running');
    rig.panel.click('#start-server');
    await rig.panel.waitFor(() => rig.panel.text('#detail') === words, 10_000, 'the reason');
    expect(rig.panel.text('#status')).toBe('Photoshop could not start the Hairline server.');
    // The other way stays in sight.
    expect(rig.panel.isVisible('#command')).toBe(true);
    expect(rig.panel.errors).toEqual([]);
  },
);

test('a Photoshop that refuses modal scopes for reasons of its own says them', async () => {
  await rig.open();
  const doc = rig.photoshop.openPixels(createPicture({}));
  const before = doc.snapshot();
  rig.photoshop.faults.modalRefused = 'The plugin is not allowed to do that.';
  expect(await rig.click()).toBe('failed: Something went wrong; the document was not changed.');
  expect(rig.panel.text('#detail')).toBe('The plugin is not allowed to do that.');
  expect(doc.snapshot()).toBe(before);
  // And when it does so only once the matte is there.
  rig.photoshop.faults.modalRefused = null;
  rig.server.onPicture = () => {
    rig.photoshop.faults.modalRefused = 'Not now.';
  };
  expect(await rig.click()).toBe('failed: Something went wrong; the document was not changed.');
  expect(doc.snapshot()).toBe(before);
  rig.expectClean();
});
