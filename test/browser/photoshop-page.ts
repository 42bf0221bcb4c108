import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page, Route } from 'playwright-core';
import { LOOPBACK, PORTS } from '../../protocol/limits.ts';
import { type HostOptions, SimulatedPhotoshop } from '../../simulator/index.ts';
import { Bridge } from './bridge.ts';
import { connectBridge } from './bridge-client.ts';
import { Pages, ROOT } from './pages.ts';
import { defineSpectrum } from './spectrum.ts';
import { type ThemeName, themeCss } from './themes.ts';

export interface PanelOptions extends HostOptions {
  locale?: string;
  width?: number;
  theme?: ThemeName;
  /** The real address of the server; null: no server is listening. */
  serverPort: () => number | null;
}

/** The built panel in a browser, with the simulated Photoshop behind it. */
export class PhotoshopPage {
  readonly photoshop: SimulatedPhotoshop;
  readonly errors: Error[] = [];
  page!: Page;
  readonly #pages = new Pages();
  readonly #options: PanelOptions;

  constructor(options: PanelOptions) {
    this.#options = options;
    this.photoshop = new SimulatedPhotoshop(options);
  }

  async open(browser: Browser): Promise<this> {
    const { locale = 'en_US', width = 230, theme = 'darkest' } = this.#options;
    const bridge = new Bridge({ photoshop: this.photoshop.photoshop('hairline') });
    this.#pages.serve('/bridge', (request, response) => bridge.serve(request, response));
    await this.#pages.start();
    const page = await browser.newPage({ viewport: { width, height: 1000 } });
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(error));
    await page.route(
      ({ port }) => PORTS.some((one) => String(one) === port),
      (route) => this.#forward(route),
    );
    await page.addInitScript(defineSpectrum);
    const manifest = readFileSync(path.join(ROOT, 'manifest.json'), 'utf8');
    await page.addInitScript(connectBridge, { manifest, locale });
    await page.goto(`${this.#pages.origin}/dist/photoshop/index.html`);
    await page.addStyleTag({ content: themeCss(theme) });
    await page.evaluate(() => {
      const { entrypoints } = window as unknown as {
        entrypoints: { panels: { hairline: { create(root: HTMLElement): void; show(root: HTMLElement): void } } };
      };
      entrypoints.panels.hairline.create(document.body);
      entrypoints.panels.hairline.show(document.body);
    });
    return this;
  }

  text(id: string): Promise<string | null> {
    return this.page.locator(`#${id}`).textContent();
  }

  async waitForText(id: string, text: string): Promise<void> {
    await this.page.locator(`#${id}`, { hasText: text }).waitFor({ timeout: 20_000 });
  }

  /** Id of what has the focus, or its value where it has none. */
  focus(): Promise<string> {
    return this.page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('value') || '');
  }

  /** Presses Tab until that element has the focus. */
  async tabTo(id: string): Promise<void> {
    for (let press = 0; press < 60; press++) {
      if ((await this.focus()) === id) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach #${id}`);
  }

  async close(): Promise<void> {
    await this.page?.close();
    await this.#pages.stop();
    await this.photoshop.dispose();
  }

  /** The ports that a panel knows lead to the server of the test, whatever port that has. */
  async #forward(route: Route): Promise<void> {
    const url = new URL(route.request().url());
    const port = this.#options.serverPort();
    if (port === null || url.hostname !== LOOPBACK || url.port !== String(PORTS[0]))
      return route.abort('connectionrefused');
    url.port = String(port);
    try {
      await route.fulfill({ response: await route.fetch({ url: url.href, headers: withoutOrigin(route) }) });
    } catch {
      // The panel cancelled, or the test is over.
      await route.abort('connectionreset').catch(() => {});
    }
  }
}

function withoutOrigin(route: Route): Record<string, string> {
  const { origin: _, referer: __, ...headers } = route.request().headers();
  return headers;
}
