import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { writeWhole } from '../../system/files.ts';
import { VERSION } from '../../system/package-root.ts';
import type { ModelSpec } from '../spec/model-spec.ts';
import { type Derivation, Sha256 } from '../spec/source-spec.ts';

/** What is installed, in `installed.json` beside the weights. Written last: without it the weights are not complete. */
const Manifest = Type.Object({
  file: Type.String(),
  bytes: Type.Integer(),
  sha256: Sha256,
  /** Kind of source, or `file` for one that the user brought along. */
  source: Type.String(),
  origin: Type.String(),
  /** How the file was made from the original; weights made in a way that the spec no longer has are out of date. */
  recipe: Type.String(),
  installedAt: Type.String(),
  installedBy: Type.String(),
});

export type Manifest = Static<typeof Manifest>;

export const MANIFEST = 'installed.json';

/** Raised when the importer's result changes so that what it made before must be made again. */
const RECIPES = 1;

/** How a file that the user brings along is converted where the spec says nothing else. */
export const ADD_ONNX: readonly Derivation[] = [{ step: 'fit-interface' }];

export async function readManifest(folder: string): Promise<Manifest | null> {
  const text = await readFile(path.join(folder, MANIFEST), 'utf8').catch(() => null);
  return text === null ? null : parseManifest(text);
}

export function parseManifest(text: string): Manifest | null {
  try {
    const json: unknown = JSON.parse(text);
    return Value.Check(Manifest, json) ? json : null;
  } catch {
    return null;
  }
}

export async function writeManifest(
  folder: string,
  facts: Pick<Manifest, 'file' | 'bytes' | 'sha256' | 'source' | 'origin' | 'recipe'>,
): Promise<void> {
  const manifest: Manifest = { ...facts, installedAt: new Date().toISOString(), installedBy: `hairline ${VERSION}` };
  await writeWhole(path.join(folder, MANIFEST), new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`));
}

/** Names a way of converting: the steps and, as they shape the graph, the interface in the spec. */
export function recipeOf({ input, output }: ModelSpec, steps: readonly Derivation[]): string {
  const { name, layout, width, height } = input;
  const text = JSON.stringify([RECIPES, steps, steps.length > 0 && [name, layout, width, height, output.name]]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Whether weights with this manifest are what the spec would install today. */
export function isCurrent(spec: ModelSpec, manifest: Manifest): boolean {
  const { file, sha256, sources, add } = spec.weights;
  if (manifest.file !== file) return false;
  if (sha256 !== undefined) return manifest.sha256 === sha256;
  const ways = [...sources.map((source) => source.derive), add?.pb ?? [], add?.onnx ?? ADD_ONNX, []];
  return ways.some((steps) => recipeOf(spec, steps) === manifest.recipe);
}
