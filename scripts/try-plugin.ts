import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadedPlugin, SimulatedPhotoshop } from '../simulator/index.ts';

/**
 * Any plugin in the simulated Photoshop: loads it, runs its commands, shows its panels and clicks all that can be clicked.
 * Usage: npm run try-plugin -- <folder of a plugin> [picture.psd]
 */
const [folder, picture] = process.argv.slice(2);
if (folder === undefined) throw new Error('Usage: npm run try-plugin -- <folder of a plugin> [picture.psd]');

/** Plugins say what failed in words, in the console or a box: there is no other sign. */
const COMPLAINT = /\b(error|exception|failed|cannot|could not|undefined is|of undefined|not a function)\b/i;
const PATIENCE_MS = 20_000;
const CLICKABLE =
  'button, sp-button, sp-action-button, [role="button"], sp-checkbox, sp-radio, a[onclick], div[onclick]';

const desk = mkdtempSync(path.join(os.tmpdir(), 'try-plugin-'));
const host = new SimulatedPhotoshop({ version: '27.4.0' });
let failures = 0;
try {
  openDocument();
  host.onPickFolder = () => desk;
  host.onPickFile = () => path.join(desk, 'text.txt');
  let plugin: LoadedPlugin | null = null;
  await step('load', async () => {
    plugin = await host.loadPlugin(folder);
  });
  if (plugin) await use(plugin);
} finally {
  await host.dispose();
  rmSync(desk, { recursive: true });
}
process.exitCode = failures > 0 ? 1 : 0;

async function use(plugin: LoadedPlugin): Promise<void> {
  for (const { id, type } of plugin.manifest.entrypoints) {
    if (type === 'command') await step(`command ${id}`, () => plugin.invokeCommand(id), plugin);
    else await step(`panel ${id}`, () => plugin.showPanel(id), plugin);
  }
  for (const field of plugin.document.querySelectorAll('input[type="text"], sp-textfield, textarea, sp-textarea')) {
    if (field.value === '') field.value = '1';
  }
  const targets = [...plugin.document.querySelectorAll(CLICKABLE)];
  for (const [index, target] of targets.entries()) {
    target.setAttribute('data-try', String(index));
    const selector = `[data-try="${index}"]`;
    // An earlier click may have hidden it, or taken it away.
    if (target.hasAttribute('disabled') || !plugin.isVisible(selector)) continue;
    const about = target.getAttribute('id') ?? target.textContent.replace(/\s+/g, ' ').trim();
    await step(`click ${about}`, async () => plugin.click(selector), plugin);
  }
}

/** Does it, waits until all is quiet, and says what went wrong. */
async function step(name: string, act: () => Promise<void>, plugin?: LoadedPlugin): Promise<void> {
  const before = {
    lines: plugin?.consoleLines.length ?? 0,
    errors: plugin?.errors.length ?? 0,
    alerts: host.alerts.length,
  };
  const states = historyStates();
  const problems: unknown[] = [];
  let ended = false;
  void act()
    .catch((error) => problems.push(error))
    .finally(() => {
      ended = true;
    });
  // A dialog that waits for a click keeps it from ending.
  const started = performance.now();
  const waits = () => !plugin?.document.querySelector('dialog[open]') && performance.now() - started < PATIENCE_MS;
  while (!ended && waits()) await sleep(10);
  for (let quiet = 0; quiet < 10; quiet = host.isModal ? 0 : quiet + 1) {
    await sleep(30);
  }
  const known = plugin ?? host.plugins.at(-1);
  const said = [...(known?.consoleLines.slice(before.lines) ?? []), ...host.alerts.slice(before.alerts)];
  problems.push(...(known?.errors.slice(before.errors) ?? []), ...said.filter((line) => COMPLAINT.test(line)));
  if (problems.length > 0) failures++;
  const added = historyStates() - states;
  console.log(`${problems.length > 0 ? 'FAIL' : 'ok  '} ${name}${added > 0 ? ` (${added} history states)` : ''}`);
  for (const line of new Set([...problems, ...said].map(String))) console.log(`       ${line.split('\n')[0]}`);
}

function historyStates(): number {
  return host.documents.reduce((sum, doc) => sum + doc.historyStates.length, 0);
}

/** A Background below a layer with holes, which is the active one. */
function openDocument(): void {
  if (picture !== undefined) {
    host.openPsd(readFileSync(picture), path.basename(picture));
    return;
  }
  const [width, height] = [800, 600];
  const ramp = (channels: 3 | 4) =>
    Uint8Array.from({ length: width * height * channels }, (_, at) =>
      at % channels === 3 ? (at % 5) * 63 : Math.trunc((at / channels) % width) & 255,
    );
  const doc = host.openPixels({ name: 'ramp.psd', width, height, channels: 3, data: ramp(3) });
  doc.addLayer({ name: 'Layer 1', data: ramp(4), channels: 4 });
  writeFileSync(path.join(desk, 'text.txt'), 'a text');
}
