import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** HAIRLINE_CHROMIUM, or a Chromium on the PATH; null where there is none. */
export function findChromium(): string | null {
  const chosen = process.env.HAIRLINE_CHROMIUM;
  if (chosen) return chosen;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))).find(existsSync) ?? null;
}

export const NO_CHROMIUM = 'no Chromium on the PATH; HAIRLINE_CHROMIUM names one';

/** Pages may talk to any port of this computer, as the panel does in Photoshop. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-web-security', '--disable-gpu', '--force-color-profile=srgb'],
  });
}
