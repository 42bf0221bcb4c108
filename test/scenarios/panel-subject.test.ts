import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectEllipse, Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

const radio = (subject: string) => `sp-radio[value="${subject}"]`;
const storage = () => rig.panel.window.localStorage as Storage;

function chosen(): string[] {
  const radios = rig.panel.document.querySelectorAll('#subject sp-radio');
  return Array.from(radios)
    .filter(({ checked }) => checked)
    .map(({ value }) => value);
}

/** Presses a key while the element has the focus. */
function press(selector: string, key: string): void {
  const { Event } = rig.panel.window as { Event: new (type: string, options: object) => object };
  const event = Object.assign(new Event('keydown', { bubbles: true, cancelable: true }), { key });
  rig.panel.document.querySelector(selector)!.dispatchEvent(event);
}

async function mask(): Promise<void> {
  const doc = rig.photoshop.openPixels(createPicture({}));
  expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
  expectEllipse(doc, 'Layer 0');
  rig.expectClean();
}

const asked = () => rig.server.received.map(({ subject }) => subject);

test('asks for a portrait unless told otherwise, and for what was chosen', async () => {
  await rig.open();
  expect(chosen()).toEqual(['portrait']);
  expect([rig.panel.text(radio('portrait')), rig.panel.text(radio('object'))]).toEqual(['Portrait', 'Object']);
  await mask();
  rig.panel.click(radio('object'));
  expect(chosen()).toEqual(['object']);
  await mask();
  rig.panel.click(radio('portrait'));
  expect(chosen()).toEqual(['portrait']);
  await mask();
  expect(asked()).toEqual(['portrait', 'object', 'portrait']);
  expect(rig.panel.markupProblems).toEqual([]);
});

test('can be chosen with the keyboard alone', async () => {
  await rig.open();
  press(radio('object'), 'Tab');
  expect(chosen()).toEqual(['portrait']);
  press(radio('object'), ' ');
  expect(chosen()).toEqual(['object']);
  press(radio('portrait'), 'Enter');
  expect(chosen()).toEqual(['portrait']);
});

test('is remembered when Photoshop is started again, also by the menu command', async () => {
  await rig.open();
  rig.panel.click(radio('object'));
  await rig.reload();
  rig.photoshop.openPixels(createPicture({}));
  await rig.panel.invokeCommand('maskSubject');
  await rig.panel.showPanel();
  expect(chosen()).toEqual(['object']);
  expect(asked()).toEqual(['object']);
  expect(rig.panel.errors).toEqual([]);
});

test('what is kept may be garbled', async () => {
  await rig.open();
  storage().setItem('hairline.settings', '{"settings":{"subject":');
  await rig.reload();
  await rig.panel.showPanel();
  expect(chosen()).toEqual(['portrait']);
  await mask();
  expect(asked()).toEqual(['portrait']);
});

test('a host without localStorage still lets one choose', async () => {
  await rig.open();
  delete rig.panel.window.localStorage;
  rig.panel.click(radio('object'));
  await mask();
  expect(asked()).toEqual(['object']);
});

test('cannot be changed during a run', async () => {
  await rig.open();
  let visible = true;
  rig.server.onPicture = () => {
    visible = rig.panel.isVisible('#subject');
    press(radio('object'), ' ');
  };
  await mask();
  expect(visible).toBe(false);
  expect(chosen()).toEqual(['portrait']);
  expect(JSON.parse(storage().getItem('hairline.settings')!).settings.subject).toBe('portrait');
});

test('waits while the server downloads the model, and says so', async () => {
  rig.server.failures = [1, 2].map(() => ({ status: 503, code: 'MODEL_DOWNLOADING', retryAfter: '0.2' }));
  await rig.open();
  rig.panel.click(radio('object'));
  rig.photoshop.openPixels(createPicture({}));
  const end = rig.click();
  await rig.panel.waitFor(() => rig.panel.text('#status') === 'The model is being downloaded.');
  expect(rig.panel.isVisible('#cancel')).toBe(true);
  expect(await end).toBe('done: Mask added to "Layer 0".');
  expect(asked()).toEqual(['object', 'object', 'object']);
  rig.expectClean();
});

test('the wait for a model can be cancelled', async () => {
  rig.server.failures = [{ status: 503, code: 'MODEL_DOWNLOADING', retryAfter: '60' }];
  await rig.open();
  const doc = rig.photoshop.openPixels(createPicture({}));
  const before = doc.snapshot();
  const end = rig.click();
  await rig.panel.waitFor(() => rig.panel.text('#status') === 'The model is being downloaded.');
  rig.panel.click('#cancel');
  expect(await end).toBe('cancelled: Cancelled.');
  expect(doc.snapshot()).toBe(before);
  rig.expectClean();
});
