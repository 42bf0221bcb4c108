import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type StandInServer, startStandInServer } from '../fixtures/stand-in.ts';
import { findChromium, NO_CHROMIUM } from './chromium.ts';
import { grayOf, launchWeb, Visit } from './page-driver.ts';

const executable = findChromium();
if (executable === null) console.warn(`The page is not tried in a browser: ${NO_CHROMIUM}.`);

const [WIDTH, HEIGHT] = [600, 400];

/** White where x is less than `edge`, else black: to the stand-in, the left is the subject. */
const halves = (edge: number, width = WIDTH) =>
  sharp(
    Uint8Array.from({ length: width * HEIGHT }, (_, i) => (i % width < edge ? 255 : 0)),
    {
      raw: { width, height: HEIGHT, channels: 1 },
    },
  )
    .png()
    .toBuffer();

describe.skipIf(executable === null)('correcting a mask on the page', () => {
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

  async function open() {
    visit = await Visit.open(browser, server.url);
    await visit.drop(await halves(300), 'halves.png', 'image/png');
    await visit.untilShown();
    return visit.page;
  }

  /** The mask as it is downloaded, and samples of it. */
  async function readMask() {
    const gray = await grayOf((await visit.download('#get-mask')).bytes);
    return { gray, at: (x: number, y: number) => gray[y * WIDTH + x] };
  }

  const corrected = () =>
    expect.poll(() => visit.page.textContent('#spoken'), { timeout: 20_000 }).toBe('The mask is corrected.');

  async function untilCorrected() {
    await corrected();
    await visit.page.evaluate(() => {
      document.querySelector('#spoken')!.textContent = '';
    });
    await visit.untilCalm();
  }

  /** Drags the mouse over the picture, in its pixels. */
  async function paint(from: [number, number], to: [number, number]) {
    const box = (await visit.page.locator('#sheet').boundingBox())!;
    const at = ([x, y]: [number, number]) =>
      [box.x + (x / WIDTH) * box.width, box.y + (y / HEIGHT) * box.height] as const;
    await visit.page.mouse.move(...at(from));
    await visit.page.mouse.down();
    await visit.page.mouse.move(...at(to), { steps: 5 });
    await visit.page.mouse.up();
  }

  test('keeps and removes what is painted, and takes strokes back one by one', async () => {
    const page = await open();
    const found = await readMask();
    expect([found.at(100, 200), found.at(500, 200)]).toEqual([255, 0]);

    await page.check('[name=brush][value=keep]');
    expect(await page.isVisible('#split')).toBe(false);
    await paint([450, 200], [550, 200]);
    await untilCorrected();
    await page.keyboard.press('x');
    expect(await page.isChecked('[name=brush][value=remove]')).toBe(true);
    await paint([50, 100], [50, 300]);
    await untilCorrected();
    const both = await readMask();
    expect([both.at(450, 200), both.at(550, 200), both.at(50, 100), both.at(50, 300)]).toEqual([255, 255, 0, 0]);
    expect([both.at(150, 200), both.at(500, 350)]).toEqual([255, 0]);

    await page.keyboard.press('Control+z');
    await untilCorrected();
    const one = await readMask();
    expect([one.at(500, 200), one.at(50, 200)]).toEqual([255, 255]);
    await page.click('#undo-stroke');
    await untilCorrected();
    expect((await readMask()).gray.equals(found.gray)).toBe(true);
    expect(await page.isDisabled('#undo-stroke')).toBe(true);
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#split')).toBe(true);
    expect(await visit.findFaults()).toEqual([]);
  });

  test('is painted by keyboard alone', async () => {
    const page = await open();
    const { keyboard } = page;
    await visit.tabTo('split');
    await page.focus('[name=brush][value=off]');
    await keyboard.press('ArrowRight');
    const before = await page.textContent('#brush-amount');
    for (let i = 0; i < 3; i++) await keyboard.press(']');
    expect(await page.textContent('#brush-amount')).not.toBe(before);
    await page.focus('#strokes');
    for (let i = 0; i < 6; i++) await keyboard.press('ArrowRight');
    const x = await page.evaluate(
      () => Number.parseFloat(document.querySelector<HTMLElement>('#ring')!.style.left) / 100,
    );
    expect(x).toBeGreaterThan(0.55);
    await keyboard.press('Enter');
    await untilCorrected();
    const { at } = await readMask();
    expect(at(Math.round(x * WIDTH), HEIGHT / 2)).toBe(255);
    expect(await visit.findFaults()).toEqual([]);
  });

  test('starts from a mask that is dropped beside the picture, of the same size', async () => {
    const page = await open();
    const drop = async (bytes: Buffer) => {
      const list = bytes.toString('base64');
      await page.evaluate((base64) => {
        const dataTransfer = new DataTransfer();
        const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        dataTransfer.items.add(new File([content], 'mask.png', { type: 'image/png' }));
        for (const kind of ['dragenter', 'dragover', 'drop'])
          document
            .querySelector('#side')!
            .dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
      }, list);
    };
    await page.dispatchEvent('body', 'dragenter', {
      dataTransfer: await page.evaluateHandle(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([], 'mask.png'));
        return dataTransfer;
      }),
    });
    const [veil, side] = await Promise.all(['#mask-veil', '#side'].map((id) => page.locator(id).boundingBox()));
    expect(veil!.x).toBeGreaterThan(side!.x);
    expect(veil!.x + veil!.width).toBeLessThan(side!.x + side!.width);
    expect(await page.isVisible('#veil')).toBe(true);
    await drop(await halves(300, 500));
    await expect
      .poll(() => page.textContent('#notice-text'))
      .toBe('The mask has 500 × 400 pixels, but the picture 600 × 400.');
    await drop(await halves(150));
    await untilCorrected();
    const { at } = await readMask();
    expect([at(100, 200), at(200, 200)]).toEqual([255, 0]);
    expect(await page.$$eval('#thumbs button', (buttons) => buttons.length)).toBeLessThan(2);

    await page.click('#drop-corrections');
    await untilCorrected();
    expect((await readMask()).at(200, 200)).toBe(255);
  });

  test('keeps corrections while another picture is shown and when the quality changes', async () => {
    const page = await open();
    await page.check('[name=brush][value=keep]');
    await paint([450, 200], [550, 200]);
    await untilCorrected();
    await visit.drop(await halves(100), 'other.png', 'image/png');
    await visit.untilShown();
    expect(await page.isChecked('[name=brush][value=off]')).toBe(true);
    await page.keyboard.press('PageUp');
    await visit.untilShown();
    expect((await readMask()).at(500, 200)).toBe(255);
    await page.check('[name=refine][value=fast]');
    await untilCorrected();
    expect((await readMask()).at(500, 200)).toBe(255);
  });
});
