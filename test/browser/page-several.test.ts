import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type StandInServer, startStandInServer } from '../fixtures/stand-in.ts';
import { makePsd } from '../server/imaging/psd/make-psd.ts';
import { findChromium, NO_CHROMIUM } from './chromium.ts';
import { grayOf, launchWeb, PHOTO, Visit } from './page-driver.ts';

const executable = findChromium();
if (executable === null) console.warn(`The page is not tried in a browser: ${NO_CHROMIUM}.`);

const photo = readFileSync(PHOTO);

/** A gray picture, whose matte the stand-in makes of its brightness. */
async function gray(level: number) {
  const background = { r: level, g: level, b: level };
  return sharp({ create: { width: 60, height: 40, channels: 3, background } })
    .png()
    .toBuffer();
}

const flat = (value: number) => Array(60 * 40).fill(value);
const psd = makePsd({ width: 60, height: 40, depth: 8, mode: 3, merged: [flat(180), flat(90), flat(60)] });

describe.skipIf(executable === null)('several pictures on the page', () => {
  let browser: Browser;
  let server: StandInServer;
  let visit: Visit;
  beforeAll(async () => {
    browser = await launchWeb(executable!);
    server = await startStandInServer();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  afterEach(() => visit.close());

  async function dropFour() {
    visit = await Visit.open(browser, server.url, { permissions: ['clipboard-read', 'clipboard-write'] });
    await visit.dropAll([
      { bytes: photo, name: 'first.png', type: 'image/png' },
      { bytes: Buffer.from('no picture'), name: 'broken.jpg', type: 'image/jpeg' },
      { bytes: await gray(200), name: 'first.png', type: 'image/png' },
      { bytes: psd, name: 'layers.psd', type: '' },
    ]);
    await expect.poll(states, { timeout: 30_000 }).toEqual(['done', 'failed', 'done', 'done']);
    return visit.page;
  }

  const states = () =>
    visit.page.$$eval('#thumbs button', (buttons) => buttons.map((button) => (button as HTMLElement).dataset.state));
  const current = () =>
    visit.page.$$eval('#thumbs button', (buttons) =>
      buttons.findIndex((button) => button.hasAttribute('aria-current')),
    );

  test('are all masked, say what became of them, and are gone through by keyboard', async () => {
    const page = await dropFour();
    expect(await current()).toBe(0);
    const titles = await page.$$eval('#thumbs button', (buttons) =>
      buttons.map((button) => (button as HTMLElement).title),
    );
    expect(titles[0]).toBe('first.png: done');
    expect(titles[1]).toMatch(/^broken\.jpg: Hairline cannot read this file/);
    await page.keyboard.press('PageDown');
    expect(await current()).toBe(1);
    expect(await page.isVisible('#failed')).toBe(true);
    await page.keyboard.press('PageDown');
    await visit.untilShown();
    expect(await current()).toBe(2);
    await page.focus('#thumbs button[aria-current]');
    await page.keyboard.press('ArrowRight');
    expect(await current()).toBe(3);
    expect(await page.evaluate(() => document.activeElement!.hasAttribute('aria-current'))).toBe(true);
    await page.keyboard.press('Home');
    expect(await current()).toBe(0);
    // Thumbnails too of what the browser cannot decode.
    const filled = () => page.$$eval('#thumbs img', (images) => images.map((image) => image.hasAttribute('src')));
    await expect.poll(filled).toEqual([true, false, true, true]);
    expect(await visit.findFaults()).toEqual([]);
  });

  test('have edges of their own, and are downloaded as one archive', async () => {
    const page = await dropFour();
    await page.fill('#edge-shift', '12');
    await page.keyboard.press('Escape');
    await page.click('#next');
    await page.click('#next');
    await visit.untilShown();
    expect(await page.inputValue('#edge-shift')).toBe('0');
    await page.click('#previous');
    await page.click('#previous');
    expect(await page.inputValue('#edge-shift')).toBe('12');
    await visit.untilCalm();
    const one = await visit.download('#get-mask');
    expect(one.name).toBe('first_alpha.png');
    await page.check('#all');
    const { name, bytes } = await visit.download('#get-mask');
    expect(name).toBe('masks.zip');
    const files = unzipSync(bytes);
    expect(Object.keys(files)).toEqual(['first_alpha.png', 'first_2_alpha.png', 'layers_alpha.png']);
    expect(Buffer.from(files['first_alpha.png']!).equals(one.bytes)).toBe(true);
    const [level] = await grayOf(Buffer.from(files['first_2_alpha.png']!));
    expect(Math.abs(level! - 200)).toBeLessThanOrEqual(1);
    expect(await page.textContent('#notice-text')).toBe('Pictures without a result are not in the ZIP file: 1.');
  });

  test('can be removed one by one or all together, and the cut-out copied', async () => {
    const page = await dropFour();
    await page.click('#copy');
    const copied = () =>
      page.evaluate(async () => {
        const [item] = await navigator.clipboard.read().catch(() => []);
        return item?.types ?? [];
      });
    await expect.poll(copied, { timeout: 15_000 }).toContain('image/png');
    await page.keyboard.press('PageDown');
    await page.click('#failed-another');
    expect(await states()).toEqual(['done', 'done', 'done']);
    await page.click('#another');
    expect(await page.isVisible('#intake')).toBe(true);
    expect(await page.isVisible('#strip')).toBe(false);
  });
});
