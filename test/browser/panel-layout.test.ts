import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchChromium, NO_CHROMIUM } from './chromium.ts';
import type { Gallery } from './gallery.ts';
import { findControls, tabThrough } from './keyboard.ts';
import { Pages, panelPage } from './pages.ts';

const executable = findChromium();
if (executable === null) console.warn(`The panel is not tried in a browser: ${NO_CHROMIUM}.`);

const WIDTHS = [230, 320, 600];
const DISCLOSURES = ['options', 'edge', 'setup'];

describe.skipIf(executable === null)('the panel in a browser', () => {
  let browser: Browser;
  let pages: Pages;
  beforeAll(async () => {
    pages = await new Pages().start();
    pages.made.set(
      '/plugin/gallery.html',
      panelPage('<script type="module" src="/dist/test/browser/gallery.js"></script>'),
    );
    browser = await launchChromium(executable!);
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.stop();
  });

  async function open(locale: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 230, height: 1400 } });
    page.on('pageerror', (error) => expect(error).toBeUndefined());
    await page.goto(`${pages.origin}/plugin/gallery.html?locale=${locale}`);
    await page.waitForFunction(() => 'gallery' in window);
    return page;
  }

  const draw = (page: Page, name: string) =>
    page.evaluate((state) => (window as unknown as { gallery: Gallery }).gallery.draw(state), name);
  const openAll = async (page: Page) => {
    for (const id of DISCLOSURES) {
      const toggle = page.locator(`#${id}-toggle`);
      if ((await toggle.isVisible()) && (await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click();
    }
  };

  test.each(['en_US', 'zh_CN'])('every state in every theme at every width, in %s', async (locale) => {
    const page = await open(locale);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 1400 });
      const problems = await page.evaluate(() => (window as unknown as { gallery: Gallery }).gallery.inspect());
      expect(problems, `at ${width} px`).toEqual([]);
    }
    await page.close();
  });

  test('everything that can be clicked can be reached with the keyboard, from top to bottom', async () => {
    const page = await open('en_US');
    for (const name of ['newcomer', 'no server', 'waiting', 'mask exists', 'edge', 'kept edge']) {
      await draw(page, name);
      await openAll(page);
      expect(await tabThrough(page), name).toEqual(await findControls(page));
    }
    await page.close();
  });

  test('what can be worked has a name for who cannot see it', async () => {
    const page = await open('en_US');
    await draw(page, 'edge');
    await openAll(page);
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('#panel *')]
        .filter((element) => element.localName.startsWith('sp-') && (element as HTMLElement).tabIndex === 0)
        .filter((element) => !element.getAttribute('aria-label') && !element.textContent?.trim())
        .map(({ id }) => id),
    );
    expect(nameless).toEqual([]);
    await page.close();
  });
});
