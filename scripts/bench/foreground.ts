import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { encodePng, openEncoded } from '../../server/imaging/codec.ts';
import type { AlphaPlane, Raster } from '../../server/imaging/picture.ts';
import { composeOver, cutOut } from '../../server/matting/composition.ts';
import { estimateForeground } from '../../server/matting/foreground/estimate-foreground.ts';
import { extendColors } from './extend-colors.ts';

/**
 * Colors under soft edges against known ones. A subject F of known colors is laid over another photograph B with a
 * hand-made matte; from that picture and the matte F is estimated again, and both are composed over four colors.
 * `own`: F is the photograph's own subject, its solid colors carried outwards. `foreign`: F is another photograph, so
 * that colors under the edge have nothing to do with those beside it, which no method can know: an upper limit.
 * `photo`: the photograph as it is, against a reference estimate (there is no truth).
 * Usage: npm run bench:foreground -- <folder with image/ and alpha/> [--exchange <folder>]
 * The exchange folder receives every input as RGBA PNG; a reference estimate beside it (same name, `.rgb16`: 16-bit
 * little-endian RGB) becomes a row of its own.
 */
const { positionals, values } = parseArgs({ allowPositionals: true, options: { exchange: { type: 'string' } } });
const [folder = '../shared/eval/alphamatting27'] = positionals;
const names = (await readdir(path.join(folder, 'alpha'))).sort();
const BACKDROPS = { black: [0, 0, 0], white: [255, 255, 255], red: [255, 0, 0], green: [0, 255, 0] } as const;
const KINDS = ['own', 'foreign', 'photo'] as const;
type Kind = (typeof KINDS)[number];
type Backdrop = keyof typeof BACKDROPS;

interface Score {
  errors: Record<Backdrop, number[]>;
  milliseconds: number;
}
const scores = new Map<string, Score>();

for (const [index, name] of names.entries()) {
  for (const kind of KINDS) await measure(index, path.parse(name).name, kind);
}
for (const kind of KINDS) {
  console.log(`\n${kind}: mean absolute error inside the soft band, levels of 255; median and worst picture on black`);
  console.log(
    '| method | black | white | red | green | median | worst | ms a picture |\n|---|---|---|---|---|---|---|---|',
  );
  for (const [key, { errors, milliseconds }] of scores) {
    const [row, method] = key.split(' ');
    if (row !== kind) continue;
    const sorted = [...errors.black].sort((a, b) => a - b);
    const means = Object.values(errors).map((list) => (list.reduce((a, b) => a + b, 0) / list.length).toFixed(2));
    const spread = [sorted[sorted.length >> 1]!, sorted.at(-1)!].map((value) => value.toFixed(2));
    const time = milliseconds > 0 ? (milliseconds / sorted.length).toFixed(0) : '';
    console.log(`| ${[method, ...means, ...spread, time].join(' | ')} |`);
  }
}

async function measure(index: number, name: string, kind: Kind): Promise<void> {
  const own = await read(index);
  const { width, height } = own;
  const alpha = await readAlpha(index);
  let truth: Raster | null = null;
  let picture = own;
  if (kind !== 'photo') {
    truth = kind === 'own' ? extendColors(own, alpha) : await read(index + 9, width, height);
    const behind = await read(index + 13, width, height);
    picture = composeOver(cutOut(truth, alpha), behind);
  }
  const reference = await exchange(`${name}-${kind}`, picture, alpha);
  truth ??= reference;
  if (!truth) return;
  const want = cutOut(truth, alpha);
  score(`${kind} own-colors`, want, cutOut(picture, alpha), 0);
  for (const method of ['fast', 'best'] as const) {
    const began = performance.now();
    const estimate = await estimateForeground(picture, alpha, { method });
    score(`${kind} ${method}`, want, estimate, performance.now() - began);
  }
  if (reference) score(`${kind} reference`, want, cutOut(reference, alpha), 0);
}

function score(key: string, want: Raster, got: Raster, milliseconds: number): void {
  const entry = scores.get(key) ?? { errors: { black: [], white: [], red: [], green: [] }, milliseconds: 0 };
  scores.set(key, entry);
  entry.milliseconds += milliseconds;
  for (const [name, color] of Object.entries(BACKDROPS) as [Backdrop, (typeof BACKDROPS)[Backdrop]][]) {
    const [a, b] = [composeOver(want, color).data, composeOver(got, color).data];
    let sum = 0;
    let count = 0;
    for (let i = 0; i < want.width * want.height; i++) {
      const opacity = want.data[4 * i + 3]!;
      if (opacity <= 1 || opacity >= 254) continue;
      count++;
      for (let c = 0; c < 3; c++) sum += Math.abs(a[3 * i + c]! - b[3 * i + c]!) / 3;
    }
    entry.errors[name].push(sum / count);
  }
}

async function read(index: number, width?: number, height?: number): Promise<Raster> {
  const name = names[index % names.length]!;
  const picture = await openEncoded(await readFile(path.join(folder, 'image', name)));
  const size = { width: width ?? picture.width, height: height ?? picture.height };
  return { ...size, channels: 3, data: await picture.readGrid(size.width, size.height) };
}

async function readAlpha(index: number): Promise<AlphaPlane> {
  const picture = await openEncoded(await readFile(path.join(folder, 'alpha', names[index]!)));
  const { width, height } = picture;
  const rgb = await picture.readGrid(width, height);
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, i) => rgb[3 * i]!) };
}

async function exchange(name: string, picture: Raster, alpha: AlphaPlane): Promise<Raster | null> {
  if (!values.exchange) return null;
  await mkdir(values.exchange, { recursive: true });
  await writeFile(path.join(values.exchange, `${name}.png`), await encodePng(cutOut(picture, alpha)));
  const bytes = await readFile(path.join(values.exchange, `${name}.rgb16`)).catch(() => null);
  if (!bytes) return null;
  const samples = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return {
    width: picture.width,
    height: picture.height,
    channels: 3,
    data: Uint8Array.from(samples, (v) => v / 257 + 0.5),
  };
}
