// Writes the pictures of panel and page that the documentation shows: `npm run screenshots`. Needs a Chromium, see
// chromium.ts, and for the page the networks of `refine=best`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { loadConfig } from '../../server/config/config.ts';
import { startServer } from '../../server/main.ts';
import { findChromium, launchChromium, NO_CHROMIUM } from './chromium.ts';
import type { Gallery } from './gallery.ts';
import { Pages, panelPage, ROOT } from './pages.ts';
import type { ThemeName } from './themes.ts';

interface Shot {
  file: string;
  state: string;
  theme: ThemeName;
  locale?: string;
  width?: number;
  /** Sections to open. */
  open?: string[];
}

const SHOTS: Shot[] = [
  { file: 'panel-first-run', state: 'newcomer without a server', theme: 'darkest' },
  { file: 'panel-options', state: 'idle', theme: 'darkest', open: ['options'] },
  { file: 'panel-edge', state: 'edge', theme: 'darkest', open: ['edge'] },
  { file: 'panel-question', state: 'mask exists', theme: 'dark' },
  { file: 'panel-batch', state: 'batch running', theme: 'lightest', width: 320, open: ['batch'] },
  { file: 'panel-chinese', state: 'idle', theme: 'light', locale: 'zh_CN', width: 320, open: ['options', 'setup'] },
];

async function take(browser: Browser, origin: string, shot: Shot): Promise<void> {
  const { file, state, theme, locale = 'en_US', width = 230, open = [] } = shot;
  const page = await browser.newPage({ viewport: { width, height: 200 }, deviceScaleFactor: 2 });
  await page.goto(`${origin}/plugin/gallery.html?locale=${locale}`);
  await page.waitForFunction(() => 'gallery' in window);
  const draw = () =>
    page.evaluate(
      ([name, paint]) => {
        const { gallery } = window as unknown as { gallery: Gallery };
        gallery.paint(paint as ThemeName);
        gallery.draw(name!, gallery.example(name!, '/docs/pictures/astronaut-edge.jpg'));
      },
      [state, theme],
    );
  await draw();
  for (const id of open) await page.locator(`#${id}-toggle`).click();
  await draw();
  await page.waitForLoadState('networkidle');
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  const height = await page.evaluate(() => document.getElementById('panel')!.offsetHeight);
  await page.setViewportSize({ width, height });
  writeFileSync(path.join(ROOT, 'docs', 'pictures', `${file}.png`), await page.screenshot());
  await page.close();
}

/** The page with its sample, from a server of its own. */
async function takePage(browser: Browser): Promise<void> {
  const configDir = mkdtempSync(path.join(tmpdir(), 'hairline-screenshots-'));
  const server = await startServer({ ...loadConfig({ port: 0, device: 'cpu' }, {}), configDir });
  try {
    await server.ready;
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
    await page.goto(server.url);
    await page.click('#sample');
    await page.waitForSelector('#after-picture[src]', { timeout: 120_000 });
    await page.waitForLoadState('networkidle');
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    writeFileSync(
      path.join(ROOT, 'docs', 'pictures', 'page.jpg'),
      await page.screenshot({ type: 'jpeg', quality: 88 }),
    );
    await page.close();
  } finally {
    await server.close();
    rmSync(configDir, { recursive: true, force: true });
  }
}

const executable = findChromium();
if (executable === null) {
  console.error(NO_CHROMIUM);
  process.exitCode = 1;
} else {
  const pages = await new Pages().start();
  pages.made.set(
    '/plugin/gallery.html',
    panelPage('<script type="module" src="/dist/test/browser/gallery.js"></script>'),
  );
  const browser = await launchChromium(executable);
  try {
    for (const shot of SHOTS) await take(browser, pages.origin, shot);
    await takePage(browser);
  } finally {
    await browser.close();
    await pages.stop();
  }
}
