import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import texts from 'spdx-license-list/full.js';
import type { ModelSpec } from '../../server/registry/spec/model-spec.ts';

/** One thing inside the bundle that somebody else made. */
export interface Part {
  name: string;
  version: string;
  /** SPDX expression. */
  licence: string;
  /** What its authors say, in full. */
  text: string;
}

const LICENCE_FILE = /^(licen[cs]e|copying|notice|third[-_]?party)/i;

/** Every package below a node_modules folder. @throws {Error} when one has no licence */
export function packagesIn(modules: string): Part[] {
  const parts: Part[] = [];
  for (const name of readdirSync(modules, { recursive: true, encoding: 'utf8' })) {
    const folder = path.join(modules, path.dirname(name));
    if (path.basename(name) !== 'package.json' || !isPackage(path.dirname(name))) continue;
    const { name: called, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    if (!called || !version) continue;
    const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file) && !/\.[cm]?[jt]s$/.test(file));
    const own = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
    if (typeof license !== 'string') throw new Error(`${called} ${version} names no licence.`);
    parts.push({ name: called, version, licence: license, text: own.join('\n\n') || standardText(license) });
  }
  return parts.sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** `a`, `@b/c` and the same below further node_modules; not the package.json files that lie deeper in a package. */
function isPackage(place: string): boolean {
  const inner = place.split(path.sep).join('/').split('node_modules/').at(-1)!;
  return /^(@[^/]+\/)?[^/]+$/.test(inner) && (!inner.startsWith('@') || inner.includes('/'));
}

/** The networks of which the weights are there, or that are fetched later. */
export function modelParts(specs: readonly ModelSpec[], modelsDir: string): Part[] {
  return specs
    .filter(({ id, weights }) => existsSync(path.join(modelsDir, id, weights.file)))
    .map(({ id, name, licence }) => ({
      name: `${name} (models/${id}, weights)`,
      version: '',
      licence: licence.spdx,
      text: [licence.note, `Source: ${licence.url}`, standardText(licence.spdx)].filter(Boolean).join('\n\n'),
    }));
}

/** @throws {Error} for a licence of which nobody knows the text */
export function standardText(expression: string): string {
  const ids = expression.split(/[()\s]+|\bAND\b|\bOR\b|\bWITH\b/).filter(Boolean);
  return ids
    .map((id) => {
      const text = (texts as Record<string, { licenseText: string }>)[id]?.licenseText;
      if (!text) throw new Error(`There is no text of the licence "${id}".`);
      return text.trim();
    })
    .join('\n\n');
}

export function renderLicences(parts: readonly Part[]): string {
  const rule = '='.repeat(78);
  const list = parts.map(({ name, version, licence }) => `${[name, version].filter(Boolean).join(' ')}: ${licence}`);
  const sections = parts.map(
    ({ name, version, licence, text }) =>
      `${rule}\n${[name, version].filter(Boolean).join(' ')}\n${licence}\n${rule}\n\n${text}\n`,
  );
  return `Hairline is made with the work of others. This is what is inside, and under which licence.\n\n${list.join('\n')}\n\n${sections.join('\n')}`;
}
