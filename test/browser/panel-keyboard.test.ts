import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeServer } from '../scenarios/fake-server.ts';
import { expectEllipse } from '../scenarios/panel-driver.ts';
import { createPicture } from '../scenarios/pictures.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { findLayoutProblems } from './inspect.ts';
import { type PanelOptions, PhotoshopPage } from './photoshop-page.ts';

const executable = findChromium();

const poll = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

describe.skipIf(executable === null)('the built panel in a browser, with the simulated Photoshop behind it', () => {
  let browser: Browser;
  let server: FakeServer;
  let panel: PhotoshopPage;
  let isUp = true;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    isUp = true;
    server = await new FakeServer().start();
  });
  afterEach(async () => {
    expect(panel.errors).toEqual([]);
    expect(panel.photoshop.imageDataAlive).toBe(0);
    await panel.close();
    await server.stop();
  });

  async function open(options: Partial<PanelOptions> = {}) {
    panel = new PhotoshopPage({ serverPort: () => (isUp ? server.port : null), ...options });
    await panel.open(browser);
    return panel.page.keyboard;
  }

  test('a mask, its edge, and a second mask over it, by keyboard alone', async () => {
    const keyboard = await open();
    const doc = panel.photoshop.openPixels(createPicture({}));
    const states = doc.historyStates.length;
    await panel.waitForText('server', 'isnet on CPU');
    expect(await panel.page.locator('#welcome').isVisible()).toBe(true);

    await panel.tabTo('mask-subject');
    await keyboard.press('Enter');
    await panel.waitForText('status', 'Mask added to "Layer 0".');
    expectEllipse(doc, 'Layer 0');
    expect(await panel.focus()).toBe('mask-subject');
    expect(await panel.page.locator('#welcome').isVisible()).toBe(false);

    await panel.tabTo('edge-toggle');
    await keyboard.press(' ');
    await panel.page.locator('#preview-image').waitFor();
    await panel.tabTo('backdrop');
    await keyboard.press('ArrowDown');
    await poll(() => server.edges.at(-1)?.background).toBe('#000');
    await panel.tabTo('edge-shift');
    for (const _ of [1, 2, 3]) await keyboard.press('ArrowRight');
    expect(await panel.text('edge-shift-amount')).toBe('1.5 px');
    await poll(() => server.edges.at(-1)?.shift).toBe(1.5);
    expect(await panel.page.evaluate(findLayoutProblems)).toEqual([]);
    await panel.tabTo('apply-edge');
    await keyboard.press('Enter');
    await poll(() => doc.historyStates.length).toBe(states + 2);
    expect(server.edges.some(({ shift, width }) => shift === 1.5 && width === undefined)).toBe(true);

    await panel.tabTo('mask-subject');
    await keyboard.press('Enter');
    await panel.waitForText('status', 'already has a mask');
    expect(await panel.focus()).toBe('answer-replace');
    await panel.tabTo('answer-add');
    await keyboard.press('Enter');
    await panel.waitForText('status', 'Mask added');
    expect(doc.historyStates.length).toBe(states + 3);
    expect(server.received.length).toBe(2);
  });

  test('choices are made by keyboard, and hold when the panel is opened again', async () => {
    const keyboard = await open({ locale: 'zh_CN', theme: 'lightest' });
    await panel.tabTo('object');
    await keyboard.press(' ');
    await panel.tabTo('options-toggle');
    await keyboard.press('Enter');
    await panel.tabTo('delivery');
    await keyboard.press('ArrowDown');
    expect(await panel.text('options-summary')).toBe('选区 · 选定的图层 · 最佳');
    const kept = await panel.page.evaluate(() => JSON.parse(localStorage.getItem('hairline.settings')!).settings);
    expect(kept).toMatchObject({ subject: 'object', delivery: 'selection' });
  });

  test('cancels by keyboard: the focus is there already', async () => {
    const keyboard = await open();
    const doc = panel.photoshop.openPixels(createPicture({}));
    const before = doc.snapshot();
    server.onPicture = () => new Promise((resolve) => setTimeout(resolve, 3000));
    await panel.tabTo('mask-subject');
    await keyboard.press('Enter');
    await poll(() => server.received.length).toBe(1);
    expect(await panel.focus()).toBe('cancel');
    await keyboard.press('Enter');
    await panel.waitForText('status', 'Cancelled.');
    expect(await panel.focus()).toBe('mask-subject');
    expect(doc.snapshot()).toBe(before);
  });

  test('opens the launcher where there is no server, and connects by itself', async () => {
    isUp = false;
    const keyboard = await open();
    await panel.waitForText('status', 'The Hairline server is not running.');
    await panel.tabTo('start-server');
    await keyboard.press('Enter');
    await panel.waitForText('server', 'Server is starting');
    const opened = await panel.page.evaluate(() => (window as unknown as { opened: string[] }).opened);
    expect(opened).toEqual(['/Users/me/.hairline/start-hairline.command']);
    isUp = true;
    await panel.waitForText('server', 'isnet on CPU');
    expect(await panel.page.locator('#start-server').isVisible()).toBe(false);
  });

  test('refuses an address that Photoshop would refuse', async () => {
    const keyboard = await open();
    await panel.waitForText('server', 'isnet on CPU');
    await panel.tabTo('setup-toggle');
    await keyboard.press('Enter');
    await panel.tabTo('address');
    await keyboard.type('http://example.com');
    await keyboard.press('Enter');
    await panel.waitForText('address-complaint', 'may not use this address');
    expect(await panel.text('server-details')).toBe('Version 0.1.0 at http://127.0.0.1:7866');
  });
});
