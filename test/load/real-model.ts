import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openEncoded } from '../../server/imaging/codec.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import type { Reply, Sample } from './requests.ts';

const PHOTOS = ['sample1.jpg', 'sample4.jpg', 'sample6.jpg'];

/** Photos with the embedded model. What is right is what the same server said when it had nothing else to do. */
export async function photoSamples(url: string): Promise<() => Promise<Sample>> {
  const references: Sample[] = [];
  for (const name of PHOTOS) {
    const body = await readFile(path.join(packageRoot, 'node_modules/@vladmandic/face-api/demo', name));
    const request = { path: '/v1/mattes?refine=fast', method: 'POST', headers: { 'content-type': 'image/jpeg' }, body };
    const response = await fetch(url + request.path, request);
    if (!response.ok) throw new Error(await response.text());
    const right = await readAlpha(Buffer.from(await response.arrayBuffer()));
    const check = async ({ body: answer }: Reply) => {
      const alpha = await readAlpha(answer);
      const worst = alpha.reduce((most, value, i) => Math.max(most, Math.abs(value - right[i]!)), 0);
      // Threads add up floats in changing order.
      return alpha.length === right.length && worst <= 2 ? null : `differs by ${worst}`;
    };
    references.push({ name, ...request, check });
  }
  let turn = 0;
  return async () => references[turn++ % references.length]!;
}

async function readAlpha(png: Buffer): Promise<Uint8Array> {
  const { data, channels } = await (await openEncoded(png)).readRaster(8);
  return data.filter((_, i) => i % channels === 0) as Uint8Array;
}
