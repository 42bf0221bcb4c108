import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import { encodeAlphaPng } from '../../server/imaging/codec.ts';
import { NO_CHANGE } from '../../server/matting/edge/edge-settings.ts';
import type { Plane16 } from '../../server/matting/edge/plane.ts';
import { refineEdge } from '../../server/matting/edge/refine-edge.ts';
import type { Plane } from './metrics/plane.ts';
import { scoreMatte } from './metrics/score.ts';
import { formatComparison } from './quality-compare.ts';
import { findPairs, readTruth } from './quality-folder.ts';
import { summarise } from './quality-report.ts';
import { forkServer } from './quality-server.ts';

/**
 * How much better a coarse mask becomes: true mattes, made coarse by some pixels in five ways in turn, are sent as masks.
 * Usage: npm run bench:mask -- <folder> [--pixels 8] [--refine fast]
 * Pixels are those of a picture of 2048. Compared are the coarse mask, the refined one, and `best` without a mask.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pixels: { type: 'string', default: '8' }, refine: { type: 'string', default: 'best' } },
});
const pixels = Number(values.pixels);

const WAYS: Record<string, (truth: Plane16, radius: number) => Plane16 | Promise<Plane16>> = {
  eroded: (truth, radius) => refineEdge(cut(truth), { ...NO_CHANGE, shift: -radius }),
  dilated: (truth, radius) => refineEdge(cut(truth), { ...NO_CHANGE, shift: radius }),
  blurred: (truth, radius) => refineEdge(cut(truth), { ...NO_CHANGE, feather: radius }),
  moved: (truth, radius) => move(cut(truth), Math.round(radius)),
  blocks: (truth, radius) => blocks(cut(truth), Math.round(2 * radius)),
};

const server = await forkServer(undefined);
try {
  const rows = { coarse: [], refined: [], without: [] } as Record<string, Parameters<typeof summarise>[2]>;
  const byWay: Record<string, [coarse: number, refined: number][]> = {};
  for (const [i, pair] of (await findPairs(positionals[0] ?? '')).entries()) {
    const { truth, trimap } = await readTruth(pair);
    const [way, coarsen] = Object.entries(WAYS)[i % Object.keys(WAYS).length]!;
    const coarse = await coarsen(toPlane16(truth), (pixels * Math.max(truth.width, truth.height)) / 2048);
    const image = await readFile(pair.image);
    const mattes = { coarse, refined: await ask(image, coarse), without: await ask(image, null) };
    const { name } = pair;
    const { width, height } = truth;
    for (const [kind, matte] of Object.entries(mattes))
      rows[kind]!.push({ name, width, height, band: 0, scores: scoreMatte(matte, truth, trimap), cost: null });
    const last = (kind: string) => rows[kind]!.at(-1)!.scores.bandMse;
    byWay[way] = [...(byWay[way] ?? []), [last('coarse'), last('refined')]];
    console.error(
      `${i + 1} ${way} band MSE ${['coarse', 'refined', 'without'].map((k) => last(k).toFixed(4)).join(' ')}`,
    );
  }
  const report = (kind: string, source: string) => summarise({ folder: '', source }, false, rows[kind]!);
  const [coarse, refined, without] = [
    report('coarse', 'the coarse masks'),
    report('refined', 'refined'),
    report('without', `refine=${values.refine} without a mask`),
  ];
  console.log(
    `Masks coarse by ${pixels} px at 2048, refine=${values.refine}\n\n| | MSE | MAD | MSE in the unknown band |\n|---|---|---|---|`,
  );
  for (const { source, mean } of [coarse, refined, without])
    console.log(`| ${source} | ${mean.mse.toFixed(5)} | ${mean.mad.toFixed(5)} | ${mean.bandMse.toFixed(4)} |`);
  const mean = (pairs: number[][], k: number) => pairs.reduce((sum, pair) => sum + pair[k]!, 0) / pairs.length;
  console.log('\n| mask | band MSE before | after |\n|---|---|---|');
  for (const [way, pairs] of Object.entries(byWay))
    console.log(`| ${way} | ${mean(pairs, 0).toFixed(4)} | ${mean(pairs, 1).toFixed(4)} |`);
  for (const other of [coarse, without]) console.log(`\n${formatComparison(refined, other, 4)}`);
} finally {
  await server.close();
}

async function ask(image: Buffer, mask: Plane16 | null): Promise<Plane> {
  const form = new FormData();
  form.set('image', new Blob([Uint8Array.from(image)]), 'image');
  if (mask) form.set('mask', new Blob([Uint8Array.from(await encodeAlphaPng(mask))]), 'mask');
  const response = await fetch(`${server.url}/v1/mattes?depth=16&refine=${values.refine}`, {
    method: 'POST',
    body: form,
    headers: { accept: RAW_TYPE },
  });
  if (!response.ok) throw new Error(await response.text());
  const number = (name: string) => Number(response.headers.get(name));
  return {
    width: number(HEADERS.width),
    height: number(HEADERS.height),
    data: new Uint16Array(await response.arrayBuffer()),
  };
}

function toPlane16({ width, height, data }: Plane): Plane16 {
  return { width, height, data: Uint16Array.from(data) };
}

/** A selection without soft edges. */
function cut(plane: Plane16): Plane16 {
  return { ...plane, data: plane.data.map((value) => (value > 32767 ? 65535 : 0)) };
}

function move({ width, height, data }: Plane16, by: number): Plane16 {
  const from = (at: number, length: number) => Math.min(length - 1, Math.max(0, at - by));
  const moved = data.map((_, i) => data[from(Math.floor(i / width), height) * width + from(i % width, width)]!);
  return { width, height, data: moved };
}

/** The outline as steps of `side` pixels, as a big square brush leaves it. */
function blocks({ width, height, data }: Plane16, side: number): Plane16 {
  const center = (at: number, length: number) => Math.min(length - 1, Math.floor(at / side) * side + (side >> 1));
  const stepped = data.map((_, i) => data[center(Math.floor(i / width), height) * width + center(i % width, width)]!);
  return { width, height, data: stepped };
}
