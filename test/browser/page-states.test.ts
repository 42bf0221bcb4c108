import type { Browser, BrowserContextOptions } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS } from '../../protocol/errors.ts';
import { startStandInServer } from '../fixtures/stand-in.ts';
import { Gate, listenWith, OPAQUE } from '../server/server-fixture.ts';
import { findChromium } from './chromium.ts';
import { launchWeb, Visit } from './page-driver.ts';

const executable = findChromium();

/** Dark, with a bright disc: the stand-in's alpha is brightness. */
const disc = (width = 300, height = 200) =>
  sharp(
    Buffer.from(
      `<svg width="${width}" height="${height}"><rect width="100%" height="100%"/><circle cx="50%" cy="50%" r="30%" fill="#fff"/></svg>`,
    ),
  ).flatten();

describe.skipIf(executable === null)('the states of the page', () => {
  let browser: Browser;
  let visit: Visit;
  const after: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    browser = await launchWeb(executable!);
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    try {
      await visit.close();
    } finally {
      for (const step of after.splice(0).reverse()) await step();
    }
  });

  async function open(origin: string, options: BrowserContextOptions = {}) {
    visit = await Visit.open(browser, origin, options);
    return visit.page;
  }
  async function start(...options: Parameters<typeof startStandInServer>) {
    const server = await startStandInServer(...options);
    after.push(() => server.close());
    return server;
  }
  const dropDisc = async () => visit.drop(await disc().png().toBuffer(), 'disc.png', 'image/png');
  const text = (id: string) => visit.page.locator(`#${id}`).innerText();
  const poll = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

  describe.each(['light', 'dark'] as const)('axe finds no fault in %s colors', (colorScheme) => {
    test.each(['en-US', 'zh-CN'])('from empty to result, in %s', async (locale) => {
      const gate = new Gate();
      const server = await listenWith(async () => {
        await gate.pass();
        return OPAQUE();
      });
      after.push(() => server.close());
      const page = await open(`http://127.0.0.1:${server.port}`, { colorScheme, locale });
      await poll(() => page.getAttribute('#server', 'data-state')).not.toBeNull();
      expect(await visit.findFaults()).toEqual([]);
      await dropDisc();
      await page.waitForSelector('#working:not([hidden])');
      await poll(() => gate.waiting).toBeGreaterThan(0);
      expect(await visit.findFaults()).toEqual([]);
      gate.open();
      await visit.untilShown();
      for (const backdrop of ['checker', 'color', 'mask']) {
        await page.check(`[name=backdrop][value=${backdrop}]`);
        expect(await visit.findFaults()).toEqual([]);
      }
      await page.check('[name=zoom][value="3"]');
      expect(await visit.findFaults()).toEqual([]);
    });

    test('shows failure, offline server and missing model', async () => {
      const server = await start({}, { install: false });
      const page = await open(server.url, { colorScheme });
      await poll(() => page.getAttribute('#server', 'data-state')).toBe('missing');
      expect(await text('not-ready')).toContain('hairline models pull');
      expect(await visit.findFaults()).toEqual([]);
      await visit.drop(Buffer.from('no picture'), 'letter.txt', 'text/plain');
      await page.waitForSelector('#failed:not([hidden])');
      expect(await visit.findFaults()).toEqual([]);
      await page.route('**/ready', (route) => route.abort());
      await page.waitForSelector('#notice:not([hidden])');
      expect(await visit.findFaults()).toEqual([]);
    });
  });

  test('what the server refuses is said in the language of the page, also after a switch', async () => {
    const page = await open((await start()).url, { locale: 'zh-CN' });
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
    await visit.drop(Buffer.from('plain text with the wrong extension'), 'broken.png', 'image/png');
    await page.waitForSelector('#failed:not([hidden])');
    expect(await text('failure')).toBe('Hairline 无法读取此文件中的图片。');
    expect(await text('language')).toBe('English');
    await page.click('#language');
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await text('failure')).toBe('Hairline cannot read this file as a picture.');
    expect(await text('failure-hint')).toBe(ERRORS.NOT_AN_IMAGE[2]);
    await page.reload();
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await text('choose')).toBe('Choose pictures');
  });

  test('cancelling frees the place on the server and returns to the start', async () => {
    const gate = new Gate();
    const server = await listenWith(async () => {
      await gate.pass();
      return OPAQUE();
    });
    after.push(() => server.close());
    const page = await open(`http://127.0.0.1:${server.port}`);
    await dropDisc();
    await poll(() => gate.waiting).toBeGreaterThan(0);
    const deleted = page.waitForResponse((answer) => answer.request().method() === 'DELETE');
    await page.click('#cancel');
    expect((await deleted).status()).toBe(204);
    expect(await page.locator('#intake').isVisible()).toBe(true);
    expect(await visit.focus()).toBe('choose');
    gate.open();
    const readJobs = async () => /hairline_jobs (\d+)/.exec(await (await fetch(`${visit.origin}/metrics`)).text())?.[1];
    await poll(readJobs).toBe('0');
  });

  test('sends the picture again when a lost server comes back', async () => {
    const first = await startStandInServer();
    const page = await open(first.url);
    await dropDisc();
    await visit.untilShown();
    const before = await visit.shownSamples();
    await first.close();
    await page.waitForSelector('#notice:not([hidden])');
    expect(await text('notice')).toContain('npm start');
    await start({ ports: [first.port] });
    await page.waitForSelector('#notice', { state: 'hidden' });
    const uploaded = page.waitForRequest((request) => request.method() === 'POST' && request.url().includes('?'));
    await page.fill('#edge-shift', '-20');
    await uploaded;
    await poll(async () => (await visit.shownSamples()).equals(before)).toBe(false);
    expect(await page.locator('#viewer').isVisible()).toBe(true);
  });

  test('gives up when the upload keeps failing although the server is up', async () => {
    const page = await open((await start()).url);
    await page.route('**/v1/mattes?*', (route) => route.abort());
    await dropDisc();
    await page.waitForSelector('#failed:not([hidden])', { timeout: 20_000 });
    expect(await text('failure')).toBe('Something went wrong on this page.');
    await page.unroute('**/v1/mattes?*');
    await page.click('#retry');
    await visit.untilShown();
  });

  test('shows a TIFF, which browsers cannot decode, as decoded by the server', async () => {
    const server = await start();
    const page = await open(server.url);
    await visit.drop(await disc().tiff().toBuffer(), 'disc.tif', 'image/tiff');
    await visit.untilShown();
    await page.waitForSelector('#before[src]');
    const size = await page.evaluate(async () => {
      const image = document.querySelector<HTMLImageElement>('#before')!;
      await image.decode();
      return [image.naturalWidth, image.naturalHeight];
    });
    expect(size).toEqual([300, 200]);
    expect(await page.locator('#split').isVisible()).toBe(true);
  });

  test('says when no subject was found, until another picture or subject is taken', async () => {
    const server = await start();
    const page = await open(server.url);
    const black = sharp({ create: { width: 60, height: 40, channels: 3, background: '#000' } });
    await visit.drop(await black.png().toBuffer(), 'black.png', 'image/png');
    await visit.untilShown();
    expect(await text('notice-text')).toBe('No subject was found in this picture; its mask is empty.');
    await dropDisc();
    await visit.untilShown();
    await poll(() => page.locator('#notice').isVisible()).toBe(false);
  });

  test('accepts a pasted picture and explains a pasted text', async () => {
    const page = await open((await start()).url);
    const paste = (base64: string | null) =>
      page.evaluate((content) => {
        const clipboardData = new DataTransfer();
        if (content === null) clipboardData.setData('text/plain', 'words');
        else {
          const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
          clipboardData.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
        }
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
      }, base64);
    await paste(null);
    expect(await text('notice-text')).toBe('There is no picture on the clipboard.');
    await page.click('#notice-close');
    await paste((await disc().png().toBuffer()).toString('base64'));
    await visit.untilShown();
    expect(await page.locator('#notice').isVisible()).toBe(false);
  });

  test('leaving the page makes the server forget the picture', async () => {
    const page = await open((await start()).url);
    await dropDisc();
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().endsWith('/edge')),
      visit.untilShown(),
    ]);
    await page.click('#another');
    await poll(
      async () =>
        (await fetch(answer.url(), { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }))
          .status,
    ).toBe(404);
  });

  test.each([320, 768, 1280])('nothing is cut off at %i px', async (width) => {
    const page = await open((await start()).url, { viewport: { width, height: 700 } });
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await overflow()).toBe(0);
    await dropDisc();
    await visit.untilShown();
    for (const lang of ['en', 'zh']) {
      expect(await overflow(), lang).toBe(0);
      await page.click('#language');
    }
  });
});
