import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readAlphaFile } from '../../server/imaging/alpha-file.ts';
import type { Plane } from './metrics/plane.ts';
import { bandRadius, classify, makeTrimap, type Trimap } from './metrics/trimap.ts';

const EXTENSIONS = new Set(['.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff', '.avif']);

/** The paths of one picture's files; pairs are found by stem. */
export interface Pair {
  name: string;
  image: string;
  truth: string;
  /** A trimap that came with the data; without one it is made from the truth. */
  trimap: string | null;
}

/** @throws {Error} when `folder` holds no pairs */
export async function findPairs(folder: string): Promise<Pair[]> {
  const images = await listByStem(path.join(folder, 'image'));
  const truths = await listByStem(path.join(folder, 'alpha'));
  const trimapFolder = ['trimap1', 'trimap'].map((name) => path.join(folder, name)).find((name) => existsSync(name));
  const trimaps = trimapFolder ? await listByStem(trimapFolder) : null;
  const pairs: Pair[] = [];
  for (const [name, image] of images) {
    const truth = truths.get(name);
    if (truth) pairs.push({ name, image, truth, trimap: trimaps ? fileOf(trimaps, name, trimapFolder!) : null });
  }
  if (pairs.length === 0) throw new Error(`${folder} needs image/ and alpha/ with files of the same names.`);
  return pairs;
}

/** Files of one folder by name without extension, sorted. */
export async function listByStem(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((cause) => {
    throw new Error(`The folder ${folder} cannot be read.`, { cause });
  });
  const files = names.sort().map((file) => path.parse(file));
  return new Map(
    files
      .filter(({ ext }) => EXTENSIONS.has(ext.toLowerCase()))
      .map(({ name, base }) => [name, path.join(folder, base)]),
  );
}

/** A missing file is an error: a mean over fewer pictures would not be comparable. */
export function fileOf(files: Map<string, string>, name: string, folder: string): string {
  const file = files.get(name);
  if (!file) throw new Error(`There is no picture called ${name} in ${folder}.`);
  return file;
}

export async function readTruth({ truth: file, trimap: drawn }: Pair): Promise<{ truth: Plane; trimap: Trimap }> {
  const truth = await readPlane(file);
  if (!drawn) return { truth, trimap: makeTrimap(truth, bandRadius(truth.width, truth.height)) };
  const trimap = await readPlane(drawn);
  checkSameSize(trimap, truth, drawn);
  return { truth, trimap: classify(trimap) };
}

export async function readPlane(file: string): Promise<Plane> {
  return readAlphaFile(await readFile(file)).catch((cause) => {
    throw new Error(`${file} cannot be read as a matte: ${(cause as Error).message}`, { cause });
  });
}

/** @throws {Error} never resizes: a resized matte is another matte */
export function checkSameSize(plane: { width: number; height: number }, truth: Plane, what: string): void {
  if (plane.width === truth.width && plane.height === truth.height) return;
  throw new Error(`${what} is ${plane.width} x ${plane.height}, but its truth ${truth.width} x ${truth.height}.`);
}
