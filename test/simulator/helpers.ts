import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type HostOptions, type LoadedPlugin, SimulatedPhotoshop } from '../../simulator/index.ts';

export function photoshop(options: HostOptions = {}): SimulatedPhotoshop {
  const sim = new SimulatedPhotoshop(options);
  onTestFinished(() => sim.dispose());
  return sim;
}

export interface TinyPlugin {
  script: string;
  body?: string;
  /** Further files of the plugin. */
  files?: Readonly<Record<string, string>>;
  domains?: unknown;
  manifest?: Record<string, unknown>;
}

/** Writes a plugin folder whose main.js is `script`, and loads it. */
export async function load(sim: SimulatedPhotoshop, plugin: TinyPlugin): Promise<LoadedPlugin> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiny-plugin-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const manifest = {
    manifestVersion: 5,
    id: 'test.tiny',
    name: 'Tiny',
    version: '1.0.0',
    main: 'index.html',
    host: { app: 'PS', minVersion: '25.10.0' },
    entrypoints: [
      { type: 'panel', id: 'main', label: 'Main' },
      { type: 'command', id: 'go', label: { default: 'Go' } },
    ],
    requiredPermissions: { network: { domains: plugin.domains ?? [] } },
    ...plugin.manifest,
  };
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(
    path.join(folder, 'index.html'),
    `<!doctype html><html><head><style>.off { display: none }</style></head>
     <body>${plugin.body ?? ''}<script src="main.js"></script></body></html>`,
  );
  writeFileSync(path.join(folder, 'main.js'), plugin.script);
  for (const [name, text] of Object.entries(plugin.files ?? {})) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return sim.loadPlugin(folder);
}

/** Runs `script` (an async function body with app, core, action, imaging and uxp in scope) and answers its result. */
export async function inPlugin(
  sim: SimulatedPhotoshop,
  script: string,
  plugin: Partial<TinyPlugin> = {},
): Promise<unknown> {
  const loaded = await load(sim, {
    ...plugin,
    script: `const { app, core, action, imaging, constants } = require('photoshop');
      const uxp = require('uxp');
      window.result = (async () => { ${script} })();
      window.result.catch(() => {});`,
  });
  return (await loaded.window.result) as unknown;
}

/** RGBA whose red is x, green y, blue 7, alpha as given. */
export function gradient(width: number, height: number, alpha: (x: number, y: number) => number): Uint8Array {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([x & 255, y & 255, 7, alpha(x, y)], (y * width + x) * 4);
  }
  return data;
}

export function photo(width: number, height: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (i * 31) & 255;
  return data;
}
