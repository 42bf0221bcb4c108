import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import texts from 'spdx-license-list/full.js';
import type { ModelSpec } from '../../server/registry/spec/model-spec.ts';

/** A third-party part of the bundle. */
export interface Part {
  name: string;
  version: string;
  /** SPDX expression. */
  license: string;
  /** What its authors say, in full. */
  text: string;
}

const LICENSE_FILE = /^(licen[cs]e|copying|notice|third[-_]?party)/i;

/** Every package below a node_modules folder. @throws {Error} when one has no license */
export function packagesIn(modules: string): Part[] {
  const parts: Part[] = [];
  for (const name of readdirSync(modules, { recursive: true, encoding: 'utf8' })) {
    const folder = path.join(modules, path.dirname(name));
    if (path.basename(name) !== 'package.json' || !isPackage(path.dirname(name))) continue;
    const { name: called, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    if (!called || !version) continue;
    const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file) && !/\.[cm]?[jt]s$/.test(file));
    const own = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
    if (typeof license !== 'string') throw new Error(`${called} ${version} names no license.`);
    parts.push({ name: called, version, license: license, text: own.join('\n\n') || standardText(license) });
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
    .map(({ id, name, license }) => ({
      name: `${name} (models/${id}, weights)`,
      version: '',
      license: license.spdx,
      text: [license.note, `Source: ${license.url}`, standardText(license.spdx)].filter(Boolean).join('\n\n'),
    }));
}

/** @throws {Error} for a license whose text is not known */
export function standardText(expression: string): string {
  const ids = expression.split(/[()\s]+|\bAND\b|\bOR\b|\bWITH\b/).filter(Boolean);
  return ids
    .map((id) => {
      const text = (texts as Record<string, { licenseText: string }>)[id]?.licenseText;
      if (!text) throw new Error(`There is no text of the license "${id}".`);
      return text.trim();
    })
    .join('\n\n');
}

export function renderLicenses(parts: readonly Part[]): string {
  const rule = '='.repeat(78);
  const list = parts.map(({ name, version, license }) => `${[name, version].filter(Boolean).join(' ')}: ${license}`);
  const sections = parts.map(
    ({ name, version, license, text }) =>
      `${rule}\n${[name, version].filter(Boolean).join(' ')}\n${license}\n${rule}\n\n${text}\n`,
  );
  return `Hairline is made with the work of others. This is what is inside, and under which license.\n\n${list.join('\n')}\n\n${sections.join('\n')}`;
}
