import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../server/config/config.ts';
import { startServer } from '../../server/main.ts';
import { packageRoot, VERSION } from '../../server/system/package-root.ts';
import { OFFLINE } from '../fixtures/offline.ts';

export const PHOTO = path.join(packageRoot, 'docs', 'pictures', 'astronaut.png');

/** The bundle of this version, as `npm run bundle` names it. */
export const bundleFile = (ending: string) =>
  path.join(packageRoot, 'dist', 'bundles', `Hairline-${VERSION}-${ending}`);

export interface Answer {
  width: number;
  height: number;
  model: string;
  alpha: Uint8Array;
}

/** The mask of the photo, from a server. */
export async function mask(url: string): Promise<Answer> {
  const response = await fetch(`${url}/v1/mattes`, {
    method: 'POST',
    headers: { 'content-type': 'image/png', accept: 'application/octet-stream' },
    body: readFileSync(PHOTO),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return {
    width: Number(response.headers.get('x-image-width')),
    height: Number(response.headers.get('x-image-height')),
    model: response.headers.get('x-model')!,
    alpha: new Uint8Array(await response.arrayBuffer()),
  };
}

/** The same mask by this checkout, with the networks of the bundle alone. @param cacheDir an empty folder */
export async function expectedMask(models: string, cacheDir: string): Promise<Answer> {
  Object.assign(process.env, OFFLINE);
  const config = loadConfig({ port: 0, device: 'cpu', cacheDir, isolate: false }, {});
  const server = await startServer(config, { modelsDirs: [models] });
  try {
    await server.ready;
    await server.best.catch(() => undefined);
    return await mask(server.url);
  } finally {
    await server.close();
  }
}

/** The largest and the mean difference of two masks, of 255. */
export function differ(a: Answer, b: Answer): { largest: number; mean: number } {
  if (a.width !== b.width || a.height !== b.height || a.alpha.length !== b.alpha.length)
    throw new Error(`${a.width} x ${a.height} is not ${b.width} x ${b.height}`);
  let largest = 0;
  let sum = 0;
  a.alpha.forEach((value, i) => {
    const difference = Math.abs(value - b.alpha[i]!);
    largest = Math.max(largest, difference);
    sum += difference;
  });
  return { largest, mean: sum / a.alpha.length };
}

/** Part of the picture that the mask keeps. */
export const coverage = ({ alpha }: Answer) => alpha.reduce((sum, value) => sum + value, 0) / 255 / alpha.length;
