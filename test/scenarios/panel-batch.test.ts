import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostDocument, HostOptions, NewPicture } from '../../simulator/index.ts';
import { ellipseAt } from './fake-server.ts';
import { createMask, expectEllipse, Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
let folder: string;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
  folder = mkdtempSync(path.join(os.tmpdir(), 'hairline-batch-'));
});
afterEach(async () => {
  await rig.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(count: number, options: HostOptions = {}): Promise<HostDocument[]> {
  await rig.open(options);
  return Array.from({ length: count }, (_, index) => openFile(`${index}.jpg`));
}

function openFile(name: string, more: Partial<NewPicture> = {}): HostDocument {
  return rig.photoshop.openPixels({ ...createPicture({}), name, path: path.join(folder, name), ...more });
}

/** The lines of the list: document and state. */
function lines(): string[] {
  const rows = rig.panel.document.querySelectorAll('#batch-list .job');
  return Array.from(rows, (row) => Array.from(row.children, ({ textContent }) => textContent).join(': '));
}

/** Every figure of seconds is as good as another. */
const plain = () => lines().map((line) => line.replace(/\d+\.\d s/, 'x s'));

const ended = () => /^(Finished|Stopped)/.test(rig.panel.text('#batch-status'));

async function press(selector: string): Promise<string> {
  rig.panel.click(selector);
  await rig.panel.waitFor(() => rig.panel.isVisible('#batch-start') && ended(), 100_000, 'the end of the batch');
  return rig.panel.text('#batch-status');
}

function expectIdle(): void {
  rig.expectClean();
  expect(rig.panel.isVisible('#batch-stop')).toBe(false);
  expect(rig.panel.markupProblems).toEqual([]);
}

test('masks every open document and says what each took, and the user stays where they are', async () => {
  const docs = await open(3);
  const shown = docs[1]!;
  rig.photoshop.activeDocument = shown;
  const layer = shown.activeLayers;
  expect(await press('#batch-start')).toBe('Finished: 3 of 3 done, 0 skipped, 0 failed.');
  for (const doc of docs) {
    expectEllipse(doc, 'Layer 0');
    expect(doc.historyStates.slice(1).map(({ name }) => name)).toEqual(['Hairline mask']);
  }
  expect(plain()).toEqual([0, 1, 2].map((index) => `${index}.jpg: Done: isnet on CPU, x s.`));
  expect(rig.photoshop.activeDocument).toBe(shown);
  expect(shown.activeLayers).toEqual(layer);
  expectIdle();
});

test('the user may go on working in other documents', async () => {
  const docs = await open(4);
  const [first, , , last] = docs as [HostDocument, HostDocument, HostDocument, HostDocument];
  const retouched = last.addLayer({ name: 'Retouch', data: createPicture({ channels: 4 }).data, channels: 4 });
  last.activeLayers = [last.findLayer('Background')];
  rig.server.onPicture = () => {
    rig.photoshop.activeDocument = first;
    // Another layer is selected before it is this document's turn.
    last.activeLayers = [retouched];
  };
  expect(await press('#batch-start')).toBe('Finished: 4 of 4 done, 0 skipped, 0 failed.');
  expect(rig.photoshop.activeDocument).toBe(first);
  expect(last.findLayer('Background').mask).toBeNull();
  expectEllipse(last, 'Retouch');
  expect(last.activeLayers).toEqual([retouched]);
  expectIdle();
});

test('continues after any number of failing documents', async () => {
  const docs = await open(7);
  const [masked, locked, empty, closed, , duotone] = docs as [HostDocument, ...HostDocument[]];
  masked.layers[0]!.isBackground = false;
  masked.layers[0]!.mask = createMask(masked);
  locked!.layers[0]!.isBackground = false;
  locked!.layers[0]!.locks.all = true;
  empty!.layers[0]!.pixels = null;
  Object.assign(duotone!, { mode: 'Duotone' });
  rig.server.onPicture = () => {
    if (closed!.open) rig.photoshop.close(closed!);
  };
  rig.photoshop.createDocument({ name: 'blank', width: 20, height: 20 });
  const before = [masked, locked!, empty!, duotone!].map((doc) => doc.snapshot());
  expect(await press('#batch-start')).toBe('Finished: 2 of 8 done, 1 skipped, 5 failed.');
  expect(plain()).toEqual([
    expect.stringMatching(/^0.jpg: Skipped: "Background" already has a mask/),
    '1.jpg: Failed: "Background" is locked. Unlock it in the Layers panel, then click again.',
    expect.stringMatching(/^2.jpg: Failed: "Background" is empty\./),
    expect.stringMatching(/^3.jpg: Failed: The document was closed/),
    '4.jpg: Done: isnet on CPU, x s.',
    expect.stringMatching(/^5.jpg: Failed: Hairline cannot make masks in Duotone mode\./),
    '6.jpg: Done: isnet on CPU, x s.',
    expect.stringMatching(/^blank: Failed: No layer is selected\./),
  ]);
  for (const doc of [docs[4]!, docs[6]!]) expectEllipse(doc, 'Layer 0');
  expect([masked, locked!, empty!, duotone!].map((doc) => doc.snapshot())).toEqual(before);
  // What was the matter is put right, and only those that failed have another turn.
  locked!.layers[0]!.locks.all = false;
  const asked = rig.server.received.length;
  expect(await press('#batch-retry')).toBe('Finished: 3 of 8 done, 1 skipped, 4 failed.');
  expect(rig.server.received.length).toBe(asked + 1);
  expectEllipse(locked!, 'Background');
  expectIdle();
});

test('layers that have a mask get a new one if that is wanted, and their old one is kept', async () => {
  const [doc] = await open(1);
  doc!.layers[0]!.isBackground = false;
  doc!.layers[0]!.mask = createMask(doc!);
  expect(await press('#batch-start')).toBe('Finished: 0 of 1 done, 1 skipped, 0 failed.');
  expect(lines()).toEqual(['0.jpg: Skipped: "Background" already has a mask.']);
  expect(rig.server.received).toEqual([]);
  rig.panel.click('#batch-redo');
  expect(await press('#batch-start')).toBe('Finished: 1 of 1 done, 0 skipped, 0 failed.');
  expectEllipse(doc!, 'Background');
  expect(doc!.channels.map(({ name }) => name)).toEqual(['Background mask']);
  expectIdle();
});

test('stops at once, leaves the document at hand as it was, and goes on where it stopped', async () => {
  const docs = await open(4);
  const second = docs[1]!.snapshot();
  rig.server.onPicture = () => {
    if (rig.server.received.length === 2) rig.panel.click('#batch-stop');
  };
  expect(await press('#batch-start')).toBe('Stopped: 1 of 4 done, 0 skipped, 0 failed, 3 left.');
  expect(docs[1]!.snapshot()).toBe(second);
  expect(plain().slice(1)).toEqual([1, 2, 3].map((index) => `${index}.jpg: Waiting`));
  expectIdle();
  expect(await press('#batch-resume')).toBe('Finished: 4 of 4 done, 0 skipped, 0 failed.');
  for (const doc of docs) expectEllipse(doc, 'Layer 0');
  expect(rig.panel.isVisible('#batch-resume')).toBe(false);
  expectIdle();
});

test('says how far the document at hand is, and runs alone', async () => {
  const docs = await open(2);
  const seen: string[] = [];
  rig.server.onPicture = async () => {
    await rig.panel.waitFor(() => lines().some((line) => line.includes('Finding the subject')));
    seen.push(...lines());
    // The other button is refused, in words.
    rig.panel.click('#mask-subject');
    await rig.panel.waitFor(() => rig.panel.text('#status') === 'Hairline is already making a mask.');
    expect(rig.panel.isVisible('#batch-start')).toBe(false);
    expect(rig.panel.isVisible('#batch-options')).toBe(false);
  };
  await press('#batch-start');
  expect(seen[0]).toBe('0.jpg: Finding the subject.');
  expect(seen[1]).toBe('1.jpg: Waiting');
  for (const doc of docs) expectEllipse(doc, 'Layer 0');
  expectIdle();
});

test('does not begin while a single mask is made', async () => {
  const [doc] = await open(1);
  rig.server.onPicture = async () => {
    rig.panel.click('#batch-start');
    await rig.panel.waitFor(() => rig.panel.text('#batch-status').startsWith('Hairline is already making a mask.'));
  };
  expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
  expectEllipse(doc!, 'Layer 0');
});

describe('chosen documents', () => {
  const box = (index: number) => `#batch-list sp-checkbox:nth-child(${index + 1})`;

  test('only those have their turn', async () => {
    const docs = await open(3);
    const before = docs[1]!.snapshot();
    rig.panel.click('#batch-choose');
    expect(rig.panel.text('#batch-start')).toBe('Mask chosen documents');
    expect([0, 1, 2].map((index) => rig.panel.text(box(index)))).toEqual(['0.jpg', '1.jpg', '2.jpg']);
    rig.panel.click(box(1));
    expect(await press('#batch-start')).toBe('Finished: 2 of 2 done, 0 skipped, 0 failed.');
    expect(plain().map((line) => line.slice(0, 5))).toEqual(['0.jpg', '2.jpg']);
    expect(docs[1]!.snapshot()).toBe(before);
    expectIdle();
  });

  test('none, and none open', async () => {
    await open(1);
    rig.panel.click('#batch-choose');
    rig.panel.click(box(0));
    rig.panel.click('#batch-start');
    expect(rig.panel.text('#batch-status')).toBe(
      'No document is selected. Select at least one document in the list, then click again.',
    );
    rig.panel.click('#batch-choose');
    rig.photoshop.close(rig.photoshop.documents[0]!);
    rig.panel.click('#batch-start');
    expect(rig.panel.text('#batch-status')).toMatch(/^No document is open\./);
    expect(rig.server.received).toEqual([]);
    expectIdle();
  });
});

describe('copies', () => {
  const radio = (value: string) => `#batch sp-radio[value="${value}"]`;

  test.each([
    ['psd', 'psd'],
    ['tiff', 'tif'],
    ['png', 'png'],
  ])('%s, beside the original, never over another file', async (format, extension) => {
    const [doc] = await open(1);
    const names = [`0-masked.${extension}`, `0-MASKED-2.${extension}`];
    for (const name of names) writeFileSync(path.join(folder, name), 'precious');
    rig.panel.click(radio(format));
    expect(await press('#batch-start')).toMatch(/^Finished: 1 of 1/);
    expect(plain()).toEqual([`0.jpg: Done: isnet on CPU, x s. Saved as 0-masked-3.${extension}.`]);
    for (const name of names) expect(readFileSync(path.join(folder, name), 'utf8')).toBe('precious');
    const bytes = readFileSync(path.join(folder, `0-masked-3.${extension}`));
    if (format === 'psd') {
      expectEllipse(rig.photoshop.openPsd(bytes), 'Layer 0');
    } else {
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height, info.channels]).toEqual([120, 80, 4]);
      for (const [x, y] of [
        [0, 0],
        [60, 40],
        [20, 20],
      ] as const) {
        expect(data[(y * 120 + x) * 4 + 3]! / 255).toBeCloseTo(ellipseAt(x, y, 120, 80), 2);
      }
    }
    expect([doc!.name, doc!.path]).toEqual(['0.jpg', path.join(folder, '0.jpg')]);
    expectIdle();
  });

  test('into a folder, of documents that were never saved too, of the same name too', async () => {
    await open(1);
    const out = mkdtempSync(path.join(folder, 'out-'));
    openFile('0.jpg', { path: '' });
    openFile('A/B: "c"?', { path: '' });
    openFile('cloud.psdc', { path: 'cloud-id/0', cloud: true });
    rig.photoshop.onPickFolder = () => out;
    rig.panel.click(radio('psd'));
    rig.panel.click('#batch-folder');
    await rig.panel.waitFor(() => rig.panel.text('#batch-status').includes(path.basename(out)));
    expect(await press('#batch-start')).toMatch(/^Finished: 4 of 4 done/);
    expect(readdirSync(out).sort()).toEqual([
      '0-masked-2.psd',
      '0-masked.psd',
      'A-B- -c---masked.psd',
      'cloud-masked.psd',
    ]);
    expectIdle();
  });

  test('a document that was never saved is masked and waits for a folder; Retry failed only saves', async () => {
    await rig.open();
    const doc = openFile('Untitled-1', { path: '' });
    rig.panel.click(radio('png'));
    expect(await press('#batch-start')).toBe('Finished: 0 of 1 done, 0 skipped, 1 failed.');
    expect(lines()).toEqual([
      expect.stringMatching(/^Untitled-1: Masked, but not saved: "Untitled-1" was never saved/),
    ]);
    expectEllipse(doc, 'Layer 0');
    rig.photoshop.onPickFolder = () => folder;
    rig.panel.click('#batch-folder');
    await rig.panel.waitFor(() => rig.panel.text('#batch-status').includes('Copies go to'));
    expect(await press('#batch-retry')).toMatch(/^Finished: 1 of 1 done/);
    expect(readdirSync(folder)).toEqual(['Untitled-1-masked.png']);
    expect(rig.server.received.length).toBe(1);
    expectIdle();
  });

  test('a folder that was chosen can be left for the places of the originals', async () => {
    await open(1);
    const out = mkdtempSync(path.join(folder, 'out-'));
    rig.photoshop.onPickFolder = () => out;
    rig.panel.click(radio('psd'));
    rig.panel.click('#batch-folder');
    await rig.panel.waitFor(() => rig.panel.isVisible('#batch-beside'));
    rig.panel.click('#batch-beside');
    expect(await press('#batch-start')).toMatch(/^Finished: 1 of 1 done/);
    expect(readdirSync(folder)).toContain('0-masked.psd');
    expectIdle();
  });

  test('a second click while the folder picker is open opens no second one', async () => {
    await open(1);
    let opened = 0;
    rig.photoshop.onPickFolder = () => {
      opened++;
      if (opened === 1) rig.panel.click('#batch-folder');
      return folder;
    };
    rig.panel.click(radio('psd'));
    rig.panel.click('#batch-folder');
    await rig.panel.waitFor(() => rig.panel.text('#batch-status').includes('Copies go to'));
    expect(opened).toBe(1);
    expectIdle();
  });

  test('a folder picker that is cancelled changes nothing', async () => {
    await open(1);
    rig.panel.click(radio('psd'));
    rig.panel.click('#batch-folder');
    expect(rig.panel.isVisible('#batch-beside')).toBe(false);
    await press('#batch-start');
    expect(readdirSync(folder)).toEqual(['0-masked.psd']);
  });

  test('what cannot be saved leaves no file behind, and the next document is saved', async () => {
    await open(1);
    openFile('deep.psd', { ...createPicture({ depth: 32 }), name: 'deep.psd' });
    openFile('last.jpg');
    rig.panel.click(radio('png'));
    expect(await press('#batch-start')).toBe('Finished: 2 of 3 done, 0 skipped, 1 failed.');
    expect(lines()[1]).toMatch(/^deep.psd: Masked, but not saved: Photoshop could not save a copy of "deep.psd"/);
    expect(readdirSync(folder).sort()).toEqual(['0-masked.png', 'last-masked.png']);
    expectIdle();
  });

  test('stopping while a copy is saved leaves none, and Resume only saves', async () => {
    await open(2);
    rig.panel.click(radio('psd'));
    rig.photoshop.onModalEnter = (name) => {
      if (name === 'Hairline: saving') rig.panel.click('#batch-stop');
    };
    expect(await press('#batch-start')).toMatch(/^Stopped: 0 of 2 done/);
    expect(lines()[0]).toBe('0.jpg: Masked; waiting to be saved');
    expect(readdirSync(folder)).toEqual([]);
    rig.photoshop.onModalEnter = undefined;
    expect(await press('#batch-resume')).toMatch(/^Finished: 2 of 2 done/);
    expect(readdirSync(folder).sort()).toEqual(['0-masked.psd', '1-masked.psd']);
    expect(rig.server.received.length).toBe(2);
  });
});

test('stopped in any call into Photoshop: every document is as it was, or masked and saved as its line says', async () => {
  await rig.open();
  rig.panel.click('#batch sp-radio[value="psd"]');
  let calls = 0;
  let stopAt = Number.POSITIVE_INFINITY;
  rig.photoshop.onCall = () => {
    if (++calls === stopAt && rig.panel.isVisible('#batch-stop')) rig.panel.click('#batch-stop');
  };
  /** A batch of two documents; answers how often it was stopped. */
  async function work(round: number): Promise<number> {
    const docs = Array.from({ length: 2 }, (_, index) => openFile(`${round}-${index}.jpg`));
    const before = docs.map((doc) => doc.snapshot());
    let stops = 0;
    let text = '';
    for (let button = '#batch-start'; button !== ''; button = text.startsWith('Stopped') ? '#batch-resume' : '') {
      calls = 0;
      text = await press(button);
      stops += text.startsWith('Stopped') ? 1 : 0;
      for (const [index, doc] of docs.entries()) {
        const line = lines()[index]!;
        const copies = readdirSync(folder).filter((name) => name.startsWith(doc.name.replace('.jpg', '-')));
        expect(copies.length).toBe(line.includes('Saved as') ? 1 : 0);
        if (line.endsWith('Waiting')) expect(doc.snapshot()).toBe(before[index]);
        else expectEllipse(doc, 'Layer 0');
        expect(doc.historyStates.length).toBe(line.endsWith('Waiting') ? 1 : 2);
      }
      expectIdle();
      // Stopped once, it goes on to the end: another stop in the same call would stop it forever.
      stopAt = Number.POSITIVE_INFINITY;
    }
    expect(text).toBe('Finished: 2 of 2 done, 0 skipped, 0 failed.');
    for (const doc of docs) rig.photoshop.close(doc);
    return stops;
  }
  expect(await work(0)).toBe(0);
  const all = calls;
  expect(all).toBeGreaterThan(10);
  let stops = 0;
  for (let at = 1; at <= all; at++) {
    stopAt = at;
    stops += await work(at);
  }
  // One that comes while the last copy is written has nothing left to stop.
  expect(stops).toBeGreaterThanOrEqual(all - 1);
});

test('fifty documents take no more memory than one', async () => {
  await rig.open();
  const size = { width: 300, height: 200 };
  /** Bytes of pixels that are still held when the documents are masked and closed. */
  async function maskMany(count: number): Promise<number> {
    const docs = Array.from({ length: count }, () => rig.photoshop.openPixels(createPicture(size)));
    expect(await press('#batch-start')).toBe(`Finished: ${count} of ${count} done, 0 skipped, 0 failed.`);
    expectEllipse(docs[count - 1]!, 'Layer 0');
    for (const doc of docs.splice(0)) rig.photoshop.close(doc);
    rig.server.received = [];
    expect(rig.photoshop.imageDataAlive).toBe(0);
    return heldBytes();
  }
  const before = await maskMany(1);
  const peak = rig.photoshop.peakImageBytes;
  const after = await maskMany(50);
  expect(rig.photoshop.peakImageBytes).toBe(peak);
  // One picture more or less, of fifty, is the collector's business.
  expect(after - before).toBeLessThan(2 * size.width * size.height * 4);
});

/** Buffers that stay when garbage is collected; some are freed only a turn or two later. */
async function heldBytes(): Promise<number> {
  v8.setFlagsFromString('--expose-gc');
  const collectGarbage = vm.runInNewContext('gc') as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
    least = Math.min(least, process.memoryUsage().arrayBuffers);
  }
  return least;
}
