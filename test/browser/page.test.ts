import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunningServer } from '../../server/main.ts';
import { startStandInServer } from '../fixtures/stand-in.ts';
import { readStrictly } from '../server/imaging/psd/strict-reader.ts';
import { findChromium, NO_CHROMIUM } from './chromium.ts';
import { grayOf, launchWeb, PHOTO, startInstalledServer, Visit } from './page-driver.ts';

const executable = findChromium();
if (executable === null) console.warn(`The page is not tried in a browser: ${NO_CHROMIUM}.`);

const photo = readFileSync(PHOTO);

describe.skipIf(executable === null)('the page, with the real model where it is installed', () => {
  let browser: Browser;
  let server: RunningServer;
  let visit: Visit;
  beforeAll(async () => {
    browser = await launchWeb(executable!);
    server = (await startInstalledServer()) ?? (await startStandInServer());
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  afterEach(() => visit.close());

  const open = async (locale = 'en-US') => {
    visit = await Visit.open(browser, server.url, { locale });
    await visit.page.check('[name=refine][value=fast]');
    return visit.page;
  };

  /** What the interface answers to the same picture. */
  async function askServer(): Promise<(edge: object) => Promise<Buffer>> {
    const body = { method: 'POST', headers: { 'content-type': 'image/png' }, body: photo };
    const matte = await fetch(`${server.url}/v1/mattes?refine=fast`, body);
    await matte.arrayBuffer();
    return async (edge) => {
      const answer = await fetch(`${server.url}/v1/mattes/${matte.headers.get('x-matte-id')}/edge`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'image/png' },
        body: JSON.stringify(edge),
      });
      expect(answer.status).toBe(200);
      return Buffer.from(await answer.arrayBuffer());
    };
  }

  test('shows and downloads the same mask for a dropped photo as the API returns', async () => {
    const page = await open();
    await visit.drop(photo, 'portrait.png', 'image/png');
    await visit.untilShown();
    await page.check('[name=backdrop][value=mask]');
    await page.check('[name=zoom][value="1"]');
    await visit.untilCalm();
    const answer = await askServer();
    const plain = await grayOf(await answer({}));
    expect((await visit.shownSamples()).equals(plain)).toBe(true);
    const mask = await visit.download('#get-mask');
    expect(mask.name).toBe('portrait_alpha.png');
    expect((await grayOf(mask.bytes)).equals(plain)).toBe(true);

    // The same with another edge, in 16 bits.
    await page.fill('#edge-shift', '8');
    await page.fill('#edge-feather', '3');
    await page.check('[name=depth][value="16"]');
    await visit.untilCalm();
    const edge = { shift: 4, feather: 1.5 };
    const changed = await grayOf(await answer(edge));
    expect(changed.equals(plain)).toBe(false);
    expect((await visit.shownSamples()).equals(changed)).toBe(true);
    const deep = (await visit.download('#get-mask')).bytes;
    expect(await sharp(deep).metadata()).toMatchObject({ depth: 'ushort', width: 512, height: 340 });
    expect(deep.equals(await answer({ ...edge, depth: 16 }))).toBe(true);

    await page.check('[name=depth][value="8"]');
    const cutout = await visit.download('#get-cutout');
    expect(cutout.name).toBe('portrait_cutout.png');
    expect(cutout.bytes.equals(await answer({ ...edge, output: 'cutout' }))).toBe(true);
    const { name, bytes } = await visit.download('#get-document');
    expect(name).toBe('portrait.psd');
    expect([...readStrictly(bytes).layers[0]!.channels.get(-2)!.samples]).toEqual([...changed]);

    // Reset leads back to where it began.
    await page.click('#reset');
    await visit.untilCalm();
    expect((await visit.shownSamples()).equals(plain)).toBe(true);
  });

  test('trims downloads to the subject, with a margin, and lays the cut-out on the color that is shown', async () => {
    const page = await open();
    await visit.drop(photo, 'portrait.png', 'image/png');
    await visit.untilShown();
    expect(await page.isVisible('#background-row')).toBe(false);
    expect(await page.isVisible('#margins')).toBe(false);
    await page.check('[name=backdrop][value=black]');
    await page.check('#background');
    await page.check('#trim');
    await page.check('[name=margin][value="10%"]');
    const answer = await askServer();
    const framing = { trim: true, margin: '10%' };
    const on = await answer({ ...framing, output: 'composition', background: 'black' });
    const wanted = await sharp(on).metadata();
    const cutout = await sharp((await visit.download('#get-cutout')).bytes).metadata();
    expect(cutout).toMatchObject({ width: wanted.width, height: wanted.height, channels: 3 });
    const mask = await sharp((await visit.download('#get-mask')).bytes).metadata();
    expect(mask).toMatchObject({ width: wanted.width, height: wanted.height, channels: 1 });
    const whole = await sharp(photo).metadata();
    expect(readStrictly((await visit.download('#get-document')).bytes)).toMatchObject({ width: whole.width });
    // Behind a checkerboard there is no color.
    await page.check('[name=backdrop][value=checker]');
    expect((await sharp((await visit.download('#get-cutout')).bytes).metadata()).channels).toBe(4);
    expect(await visit.findFaults()).toEqual([]);
  });

  test('works from the sample to the download by keyboard alone', async () => {
    const page = await open('zh-CN');
    const { keyboard } = page;
    await visit.tabTo('sample');
    await keyboard.press('Enter');
    await visit.untilShown();
    // The button is gone; the focus is on what there is to do now.
    expect(await visit.focus()).toBe('split');
    const cutAt = () => page.evaluate(() => document.querySelector('#split')!.getAttribute('aria-valuetext'));
    await keyboard.press('Home');
    expect(await cutAt()).toBe('宽度的 0 % 显示原图');
    for (let i = 0; i < 10; i++) await keyboard.press('ArrowRight');
    expect(await cutAt()).toBe('宽度的 10 % 显示原图');
    const { before, after, pane } = await page.evaluate(() => {
      const rect = document.querySelector('#sheet')!.getBoundingClientRect();
      const cut = Number.parseFloat(document.querySelector<HTMLElement>('#sheet')!.style.getPropertyValue('--cut'));
      const pane = document.querySelector('#pane')!.getBoundingClientRect();
      return { before: rect.left + cut, after: rect.right, pane: { left: pane.left, width: pane.width } };
    });
    expect(before).toBeCloseTo(pane.left + 0.1 * pane.width, 0);
    expect(after).toBeGreaterThan(before);
    await visit.tabTo('edge-shift');
    await keyboard.press('ArrowLeft');
    expect(await page.inputValue('#edge-shift')).toBe('-1');
    await visit.tabTo('get-mask');
    const [download] = await Promise.all([page.waitForEvent('download'), keyboard.press('Enter')]);
    expect(download.suggestedFilename()).toBe('astronaut_alpha.png');
    expect(await visit.focus()).toBe('get-mask');
    // No trap: Tab leaves the page at its end.
    await visit.tabTo('body');
  });
});
