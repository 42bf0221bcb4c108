import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { expect } from 'vitest';
import { loadConfig } from '../../server/config/config.ts';
import { type RunningServer, startServer } from '../../server/main.ts';
import { createModelRegistry } from '../../server/registry/cached-registry.ts';
import { builtInModelsDir } from '../../server/registry/spec/spec-loader.ts';
import { packageRoot } from '../../server/system/package-root.ts';

export const PHOTO = path.join(packageRoot, 'docs', 'pictures', 'astronaut.png');
const BUILT = path.join(packageRoot, 'dist', 'web', 'index.html');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** With the checks of the web in force, unlike for the panel: they are what keeps the page in. */
export function launchWeb(executablePath: string): Promise<Browser> {
  if (!existsSync(BUILT)) throw new Error('The page is not built: npm run build');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });
}

/** The real server with the embedded default model, where it is installed; else null. */
export async function startInstalledServer(): Promise<RunningServer | null> {
  const configDir = mkdtempSync(path.join(tmpdir(), 'hairline-test-'));
  const config = { ...loadConfig({ port: 0, device: 'cpu', model: 'rvm', isolate: false }, {}), configDir };
  const registry = createModelRegistry({
    modelsDirs: [builtInModelsDir],
    cacheDir: config.cacheDir,
    defaultModel: 'rvm',
  });
  const removeFolder = () => rmSync(configDir, { recursive: true, force: true });
  if (!(await registry.isInstalled(registry.resolve('rvm')))) {
    removeFolder();
    return null;
  }
  const server = await startServer(config);
  await server.ready;
  return {
    ...server,
    async close() {
      await server.close();
      removeFolder();
    },
  };
}

/** A page of the server in a browser, and everything that it did there. */
export class Visit {
  readonly page: Page;
  readonly origin: string;
  readonly requests: string[] = [];
  /** Of the console, and thrown; refusals by the policy are among them. */
  readonly errors: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    this.origin = origin;
  }

  static async open(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 }, ...options });
    const visit = new Visit(await context.newPage(), origin);
    const { page } = visit;
    page.on('request', (request) => visit.requests.push(request.url()));
    page.on('pageerror', (error) => visit.errors.push(String(error)));
    page.on('console', (message) => {
      // A browser's own note on any answer from 400 up.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        visit.errors.push(message.text());
    });
    await page.goto(`${origin}/`);
    return visit;
  }

  /** Nothing was fetched from elsewhere, and nothing went wrong on the way. */
  async close(): Promise<void> {
    const elsewhere = this.requests.filter((url) => !url.replace(/^blob:/, '').startsWith(`${this.origin}/`));
    expect(elsewhere).toEqual([]);
    expect(this.errors).toEqual([]);
    await this.page.context().close();
  }

  drop(bytes: Buffer, name: string, type: string): Promise<void> {
    return this.dropAll([{ bytes, name, type }]);
  }

  async dropAll(files: readonly { bytes: Buffer; name: string; type: string }[]): Promise<void> {
    await this.page.evaluate(
      (list) => {
        const dataTransfer = new DataTransfer();
        for (const { base64, name, type } of list) {
          const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          dataTransfer.items.add(new File([content], name, { type }));
        }
        for (const kind of ['dragenter', 'dragover', 'drop'])
          document.body.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
      },
      files.map(({ bytes, name, type }) => ({ base64: bytes.toString('base64'), name, type })),
    );
  }

  async untilShown(): Promise<void> {
    await this.page.waitForSelector('#after-picture[src]', { timeout: 60_000 });
    await this.untilCalm();
  }

  /** Until no preview has been asked for, or is waited for, for a moment. */
  async untilCalm(): Promise<void> {
    await this.page.waitForLoadState('networkidle');
    await this.page.waitForTimeout(100);
  }

  /** Red of the picture on the right, as the browser decoded it; a mask is gray. */
  async shownSamples(): Promise<Buffer> {
    const values = await this.page.evaluate(() => {
      const image = document.querySelector<HTMLImageElement>('#after-picture')!;
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
      const context = canvas.getContext('2d')!;
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return btoa(Array.from({ length: data.length / 4 }, (_, i) => String.fromCharCode(data[i * 4]!)).join(''));
    });
    return Buffer.from(values, 'base64');
  }

  async download(button: string): Promise<{ name: string; bytes: Buffer }> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), this.page.press(button, 'Enter')]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  }

  /** Faults by axe's rules, with the elements that have them. */
  async findFaults(): Promise<string[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate(async () => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') };
      const { violations } = await axe.run();
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      );
    });
  }

  /** What has the focus. */
  focus(): Promise<string> {
    return this.page.evaluate(
      () => document.activeElement?.id || (document.activeElement?.tagName.toLowerCase() ?? ''),
    );
  }

  async tabTo(id: string): Promise<void> {
    for (let i = 0; i < 60; i++) {
      if ((await this.focus()) === id) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`no Tab leads to ${id}`);
  }
}

/** Samples of a gray picture. */
export async function grayOf(png: Buffer, depth: 8 | 16 = 8): Promise<Buffer> {
  const gray = sharp(png).toColorspace(depth === 16 ? 'grey16' : 'b-w');
  return gray.raw({ depth: depth === 16 ? 'ushort' : 'uchar' }).toBuffer();
}
