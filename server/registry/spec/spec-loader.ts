import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../system/package-root.ts';
import { type ModelSpec, parseModelSpec } from './model-spec.ts';

/** The specs that Hairline ships with. */
export const builtInModelsDir = path.join(packageRoot, 'models');

/**
 * Reads `<folder>/<id>/model.json` of every folder, in order of folder, then name.
 * @throws {Error} naming the file that is wrong: specs are written by developers, and a bad one must not go unnoticed.
 */
export function loadModelSpecs(folders: readonly string[]): ModelSpec[] {
  const specs = new Map<string, ModelSpec>();
  for (const file of folders.flatMap(specFiles)) {
    const spec = parseModelSpec(parseJson(file), file);
    if (spec.id !== path.basename(path.dirname(file))) {
      throw new Error(`${file}: the id "${spec.id}" differs from the folder's name.`);
    }
    if (specs.has(spec.id)) throw new Error(`${file}: there is already a model "${spec.id}".`);
    specs.set(spec.id, spec);
  }
  return [...specs.values()];
}

function specFiles(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name, 'model.json'))
    .filter((file) => existsSync(file));
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}
