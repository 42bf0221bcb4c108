import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecordedStep } from '../../simulator/index.ts';
import { createMask, expectEllipse, Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

const asked = () => rig.server.received.map(({ subject }) => subject);

/** Records what happens in `during` as an Action. */
async function record(during: () => Promise<unknown>): Promise<RecordedStep[]> {
  rig.photoshop.startRecordingAction();
  await during();
  // The step comes a turn after the panel shows that the run is done.
  await new Promise((resolve) => setTimeout(resolve, 10));
  // As an Action file keeps it.
  return JSON.parse(JSON.stringify(rig.photoshop.stopRecordingAction()));
}

/** One click in the panel, recorded. */
async function recordClick(subject: 'portrait' | 'object' = 'portrait'): Promise<RecordedStep> {
  const doc = rig.photoshop.openPixels(createPicture({}));
  rig.panel.click(`sp-radio[value="${subject}"]`);
  const [step, ...others] = await record(() => rig.click());
  expect(others).toEqual([]);
  rig.photoshop.close(doc);
  return step!;
}

test('a click is recorded with its settings and plays with them, whatever the panel is set to', async () => {
  await rig.open();
  const step = await recordClick('object');
  expect(step.name).toBe('Hairline: Mask Subject');
  expect(Object.keys(step.info as object).every((key) => key.startsWith('com.hairline.'))).toBe(true);
  rig.panel.click('sp-radio[value="portrait"]');
  const doc = rig.photoshop.openPixels(createPicture({}));
  await rig.panel.playStep(step);
  expectEllipse(doc, 'Layer 0');
  expect(doc.historyStates.at(-1)?.name).toBe('Hairline mask');
  expect(asked()).toEqual(['object', 'object']);
  rig.expectClean();
});

test('a run that asked is recorded with the answer, and does not ask again', async () => {
  await rig.open();
  const doc = rig.photoshop.openPixels(createPicture({ channels: 4 }));
  doc.layers[0]!.mask = createMask(doc);
  const [step, ...others] = await record(async () => {
    expect(await rig.click()).toMatch(/^asking: /);
    rig.panel.click('#answer-add');
    await rig.panel.waitFor(() => rig.panel.document.querySelector('#panel')!.getAttribute('data-state') === 'done');
  });
  expect(others).toEqual([]);
  const masked = rig.photoshop.openPixels(createPicture({ channels: 4 }));
  const old = createMask(masked);
  masked.layers[0]!.mask = { ...old, data: old.data.map(() => 255) };
  await rig.panel.playStep(step!);
  // Added to a mask that shows everything.
  expect(masked.layers[0]!.mask!.data.every((value) => value === 255)).toBe(true);
  expect(masked.channels.map(({ name }) => name)).toEqual(['Layer 0 mask']);
  rig.expectClean();
});

test('records nothing for runs that fail or are cancelled, or when no Action is being recorded', async () => {
  await rig.open();
  expect(await record(() => rig.click())).toEqual([]);
  rig.photoshop.openPixels(createPicture({}));
  rig.server.onPicture = () => rig.panel.click('#cancel');
  expect(await record(() => rig.click())).toEqual([]);
  rig.server.onPicture = () => {};
  expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
  rig.expectClean();
});

test('a run is done even if Photoshop will not record it', async () => {
  await rig.open({ faults: { recordActionFails: true } });
  const doc = rig.photoshop.openPixels(createPicture({}));
  expect(await record(() => rig.click())).toEqual([]);
  expectEllipse(doc, 'Layer 0');
  rig.expectClean();
});

describe('plays', () => {
  test.each([false, true])('without the panel, in Photoshop that is modal already: %s', async (modal) => {
    await rig.open();
    const step = await recordClick();
    await rig.photoshop.dispose();
    await rig.load();
    for (const [depth, channels] of [
      [8, 3],
      [16, 4],
      [32, 3],
    ] as const) {
      const doc = rig.photoshop.openPixels(createPicture({ depth, channels }));
      await rig.panel.playStep(step, { modal });
      expectEllipse(doc, 'Layer 0');
      rig.photoshop.close(doc);
    }
    expect([rig.photoshop.alerts, rig.panel.errors, rig.photoshop.imageDataAlive]).toEqual([[], [], 0]);
  });

  test('on each file that Batch, a droplet or Image Processor opens, and is done when it says so', async () => {
    await rig.open();
    const step = await recordClick();
    for (let file = 0; file < 4; file++) {
      const doc = rig.photoshop.openPixels({ ...createPicture({ width: 100 + file }), name: `${file}.jpg` });
      await rig.panel.playStep(step);
      expectEllipse(doc, 'Layer 0');
      rig.photoshop.close(doc);
    }
    expect(rig.photoshop.documents).toEqual([]);
    rig.expectClean();
  });

  test('where there is a mask already, and keeps that as a channel', async () => {
    await rig.open();
    const step = await recordClick();
    const doc = rig.photoshop.openPixels({ ...createPicture({ channels: 4 }) });
    doc.layers[0]!.mask = createMask(doc);
    await rig.panel.playStep(step);
    expectEllipse(doc, 'Layer 0');
    expect(doc.channels.map(({ name }) => name)).toEqual(['Layer 0 mask']);
    expect(doc.historyStates.at(-1)?.name).toBe('Hairline mask');
    rig.expectClean();
  });

  test('while an Action owns the history', async () => {
    await rig.open({ faults: { suspendHistoryUnavailable: true } });
    const step = await recordClick();
    const doc = rig.photoshop.openPixels(createPicture({}));
    await rig.panel.playStep(step, { modal: true });
    expectEllipse(doc, 'Layer 0');
  });

  test('holds Photoshop exclusively, so that the user cannot click between two steps', async () => {
    await rig.open();
    const step = await recordClick();
    rig.photoshop.openPixels(createPicture({}));
    let modal = false;
    rig.server.onPicture = () => {
      modal = rig.photoshop.isModal;
    };
    await rig.panel.playStep(step);
    expect(modal).toBe(true);
    rig.expectClean();
  });

  test('records nothing while it plays', async () => {
    await rig.open();
    const step = await recordClick();
    rig.photoshop.openPixels(createPicture({}));
    expect(await record(() => rig.panel.playStep(step))).toEqual([]);
  });
});

test('Record Again takes what the panel is set to now', async () => {
  await rig.open();
  const step = await recordClick('portrait');
  rig.panel.click('sp-radio[value="object"]');
  for (const turn of [0, 1]) {
    const doc = rig.photoshop.openPixels(createPicture({}));
    await rig.panel.playStep(step, { recordAgain: turn === 0 });
    rig.photoshop.close(doc);
  }
  expect(asked()).toEqual(['portrait', 'portrait', 'object']);
});

describe('a step that cannot be played stops the Action with a reason, and no dialog', () => {
  async function expectFailure(step: RecordedStep, words: string, options = {}): Promise<void> {
    const before = rig.photoshop.activeDocument?.snapshot();
    await expect(rig.panel.playStep(step, options)).rejects.toThrow(words);
    expect(rig.photoshop.activeDocument?.snapshot()).toBe(before);
    expect(rig.photoshop.alerts).toEqual([]);
    rig.expectClean();
  }

  test.each<[string, (step: RecordedStep) => unknown]>([
    ['recorded by a newer Hairline', ({ info }) => ({ ...(info as object), 'com.hairline.version': 2 })],
    ['settings that Hairline cannot read', () => ({})],
    ['settings that Hairline cannot read', () => undefined],
    [
      'settings that Hairline cannot read',
      ({ info }) => ({ ...(info as object), 'com.hairline.settings': '{"subject":"dog"}' }),
    ],
  ])('%s', async (words, change) => {
    await rig.open();
    const step = await recordClick();
    rig.photoshop.openPixels(createPicture({}));
    await expectFailure({ ...step, info: change(step) }, words);
    expect(rig.server.received.length).toBe(1);
  });

  test('called without any arguments', async () => {
    await rig.open();
    const { methodName } = await recordClick();
    const handler = rig.panel.window[methodName] as () => Promise<unknown>;
    await expect(handler()).rejects.toThrow('settings that Hairline cannot read');
  });

  test('no document, no layer', async () => {
    await rig.open();
    const step = await recordClick();
    await expectFailure(step, 'No document is open');
    rig.photoshop.createDocument({ width: 40, height: 30 });
    await expectFailure(step, 'No layer is selected');
    await expectFailure(step, 'No layer is selected', { modal: true });
  });

  test('no server', async () => {
    await rig.open();
    const step = await recordClick();
    rig.photoshop.openPixels(createPicture({}));
    rig.server.failures = [{ status: 500, code: 'SOMETHING_NEW' }];
    await expectFailure(step, 'The server says no. Ask again.');
  });

  test('another program keeps Photoshop busy', async () => {
    await rig.open();
    const step = await recordClick();
    rig.photoshop.openPixels(createPicture({}));
    rig.photoshop.faults.busy = 1000;
    await expectFailure(step, 'Photoshop is busy with another command');
    rig.photoshop.faults.busy = null;
  });

  test('Esc', async () => {
    await rig.open();
    const step = await recordClick();
    rig.photoshop.openPixels(createPicture({}));
    rig.server.onPicture = () => rig.photoshop.cancelModal();
    await expectFailure(step, 'Cancelled');
  });

  test('another run is going on', async () => {
    await rig.open();
    const step = await recordClick();
    const doc = rig.photoshop.openPixels(createPicture({}));
    let refusal: unknown;
    rig.server.onPicture = async () => {
      refusal = await rig.panel.playStep(step).catch(String);
    };
    expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
    expect(refusal).toContain('already making a mask');
    expectEllipse(doc, 'Layer 0');
  });
});

describe('menu commands', () => {
  test('are recorded once, by Photoshop, and play what is chosen then', async () => {
    await rig.open();
    const first = rig.photoshop.openPixels(createPicture({}));
    const steps = await record(() => rig.panel.invokeCommand('maskSubject'));
    expectEllipse(first, 'Layer 0');
    expect(steps).toEqual([expect.objectContaining({ command: 'maskSubject' })]);
    rig.panel.click('sp-radio[value="object"]');
    const second = rig.photoshop.openPixels(createPicture({}));
    await rig.panel.playStep(steps[0]!);
    expectEllipse(second, 'Layer 0');
    expect(asked()).toEqual(['portrait', 'object']);
  });

  test('all open documents, with one alert for what failed', async () => {
    await rig.load();
    const docs = [0, 1, 2].map((index) => rig.photoshop.openPixels({ ...createPicture({}), name: `${index}.jpg` }));
    docs[1]!.layers[0]!.isBackground = false;
    docs[1]!.layers[0]!.locks.all = true;
    await rig.panel.invokeCommand('maskAllDocuments');
    expectEllipse(docs[0]!, 'Layer 0');
    expectEllipse(docs[2]!, 'Layer 0');
    expect(rig.photoshop.alerts).toEqual([
      expect.stringContaining('1 of 3 documents could not be masked, starting with "1.jpg"'),
    ]);
  });
});

test('all open documents are recorded as one step, which masks those that are open when it plays', async () => {
  await rig.open();
  for (let index = 0; index < 2; index++) rig.photoshop.openPixels(createPicture({}));
  const steps = await record(async () => {
    rig.panel.click('#batch-start');
    await rig.panel.waitFor(() => rig.panel.text('#batch-status').startsWith('Finished'));
  });
  expect(steps.map(({ name }) => name)).toEqual(['Hairline: Mask All Open Documents']);
  const masked = rig.photoshop.documents[0]!;
  const docs = [0, 1, 2].map(() => rig.photoshop.openPixels(createPicture({})));
  const before = masked.snapshot();
  await rig.panel.playStep(steps[0]!);
  for (const doc of docs) expectEllipse(doc, 'Layer 0');
  expect(masked.snapshot()).toBe(before);
  rig.expectClean();
});
