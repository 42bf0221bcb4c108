import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { PORTS } from '../../protocol/limits.ts';
import { listAddresses } from '../../scripts/ccx.ts';
import { type HostDocument, type HostOptions, type LoadedPlugin, SimulatedPhotoshop } from '../../simulator/index.ts';
import { ellipseAt, FakeServer } from './fake-server.ts';
import { createPicture, maskAt } from './pictures.ts';

/** The built plugin, exactly as Photoshop loads it. */
const folder = fileURLToPath(new URL('../../dist/photoshop', import.meta.url));

const ends = ['done', 'failed', 'cancelled', 'asking'];

/** A simulated Photoshop with the built panel in it, and a server for it to talk to. */
export class Rig {
  readonly server = new FakeServer();
  photoshop!: SimulatedPhotoshop;
  panel!: LoadedPlugin;

  #folder = folder;

  /** @param manifest `listed`: the variant that lists the server's addresses */
  async open(options: HostOptions = {}, manifest: 'all' | 'listed' = 'all'): Promise<void> {
    if (manifest === 'listed') this.#folder = copyListed();
    await this.load(options);
    await this.panel.showPanel();
    // Closed by default; most tests do not need it.
    this.panel.click('#batch-toggle');
    expect(this.panel.errors).toEqual([]);
  }

  /** As Photoshop does when only the menu command is used. */
  async load(options: HostOptions = {}): Promise<void> {
    // As strict as any Photoshop that the panel may meet.
    const faults = {
      commandsDieWithScope: true,
      laterBuiltinsMissing: true,
      commandNameRequired: true,
      ...options.faults,
    };
    this.photoshop = new SimulatedPhotoshop({ ports: { [PORTS[0]]: this.server.port }, ...options, faults });
    this.panel = await this.photoshop.loadPlugin(this.#folder);
  }

  /** As when Photoshop is closed and opened again. */
  async reload(): Promise<void> {
    await this.panel.unload();
    this.panel = await this.photoshop.loadPlugin(this.#folder);
  }

  async close(): Promise<void> {
    await this.photoshop.dispose();
    await this.server.stop();
    if (this.#folder !== folder) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Clicks the button and answers with how the run ended. */
  async click(): Promise<string> {
    const { panel } = this;
    const root = panel.document.querySelector('#panel')!;
    const state = () => root.getAttribute('data-state') ?? '';
    root.setAttribute('data-state', 'before the click');
    panel.click('#mask-subject');
    await panel.waitFor(() => ends.includes(state()), 20_000, 'the end of the run');
    return `${state()}: ${panel.text('#status')}`;
  }

  /** What must be true after any run at all. */
  expectClean(): void {
    const { panel, photoshop } = this;
    expect(photoshop.imageDataAlive).toBe(0);
    expect(photoshop.isModal).toBe(false);
    expect(panel.errors).toEqual([]);
    expect(panel.isVisible('#mask-subject')).toBe(true);
    expect(panel.isVisible('#cancel')).toBe(false);
    expect(panel.isVisible('#subject')).toBe(true);
  }
}

function copyListed(): string {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'hairline-listed-'));
  cpSync(folder, copy, { recursive: true });
  const manifest = readFileSync(path.join(folder, 'manifest.json'), 'utf8');
  writeFileSync(path.join(copy, 'manifest.json'), listAddresses(manifest));
  return copy;
}

/** The mask of the layer is the ellipse over `region`, and hides everything else. */
export function expectEllipse(
  doc: HostDocument,
  name: string,
  region = { left: 0, top: 0, width: 0, height: 0 },
): void {
  const { left, top } = region;
  const width = region.width || doc.width;
  const height = region.height || doc.height;
  const layer = doc.findLayer(name);
  let worst = 0;
  for (let y = 0; y < doc.height; y++) {
    for (let x = 0; x < doc.width; x++) {
      const inside = x >= left && y >= top && x < left + width && y < top + height;
      const expected = inside ? ellipseAt(x - left, y - top, width, height) : 0;
      worst = Math.max(worst, Math.abs(maskAt(layer, x, y) - expected));
    }
  }
  expect(worst).toBeLessThan(1 / 255);
}

export function expectOneState(doc: HostDocument, before: number): void {
  expect(doc.historyStates.slice(before).map(({ name }) => name)).toEqual(['Hairline mask']);
}

/** Adds a picture to the document as a layer of its own, which the user then has selected. */
export function addPicture(doc: HostDocument, options: Parameters<HostDocument['addLayer']>[0]) {
  const { data } = createPicture({ channels: 4, depth: doc.depth });
  return doc.addLayer({ name: 'Model', width: 120, height: 80, data, channels: 4, ...options });
}

/** A mask or selection from outside Hairline. */
export function createMask(doc: HostDocument) {
  const data = new Uint8Array(doc.width * doc.height);
  const place = { left: 0, top: 0, width: doc.width, height: doc.height };
  return { ...place, data, outside: 0, enabled: true, linked: true, density: 100, feather: 0 };
}
