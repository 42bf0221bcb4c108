import { chooseStrings } from '../words/panel/choose.ts';
import { Actions } from './actions/actions.ts';
import { Cancellation, Cancelled } from './cancellation.ts';
import { bootProbes } from './check/boot.ts';
import { commandProbes } from './check/commands.ts';
import { maskProbes } from './check/masks.ts';
import { networkProbes } from './check/network.ts';
import { readingProbes } from './check/reading.ts';
import { createNetwork } from './client/http.ts';
import { createClient } from './client/matte-client.ts';
import { originsOf } from './client/server-finder.ts';
import { PluginError } from './errors.ts';
import { createBench } from './host/check-bench.ts';
import { createPhotoshopDocuments } from './host/documents.ts';
import { homeFolder, readHostFacts } from './host/host-facts.ts';
import { openLauncher } from './host/launcher.ts';
import { readPermittedOrigins } from './host/permissions.ts';
import { createPhotoshopHost } from './host/photoshop-host.ts';
import { reportFiles } from './host/report-files.ts';
import { core, entrypoints, host } from './host/uxp.ts';
import { BatchSession } from './session/batch-session.ts';
import { CheckSession } from './session/check-session.ts';
import { OneRun } from './session/one-run.ts';
import { Session } from './session/session.ts';
import { ProfileMemory } from './settings/profile-memory.ts';
import type { Settings } from './settings/settings.ts';
import { SettingsMemory } from './settings/settings-memory.ts';
import { type BatchPanel, createBatchPanel } from './ui/batch-view.ts';
import { type CheckPanel, createCheckPanel, describeCheck, describeDifferences } from './ui/check-view.ts';
import { describeError } from './ui/messages.ts';
import { createPanel, type Panel } from './ui/panel.ts';
import { showStartFailure } from './ui/start-failure.ts';

const memory = new SettingsMemory();
const strings = chooseStrings(host.uiLocale);
let panel: Panel | null = null;
let batchPanel: BatchPanel | null = null;
let checkPanel: CheckPanel | null = null;

const facts = readHostFacts();
const measured = new ProfileMemory(`${facts.photoshop} ${facts.system} ${facts.hairline}`);
const { byteReaders, routes } = measured.profile;
const photoshop = createPhotoshopHost(strings.host, () => measured.profile);
const network = createNetwork({ readers: byteReaders });
const client = createClient(network, {
  chosen: () => memory.address,
  origins: originsOf(routes),
  memory,
});
const oneRun = new OneRun();
const services = {
  memory,
  record: async (settings: Settings) => check.noteRecording(await actions.recordMask(settings)),
  openLauncher,
  readPermittedOrigins,
};
const session = new Session(photoshop, client, services, oneRun, (view) => {
  panel?.draw(view);
  if (view.server.name === 'online') check.noteServer(life);
});
const workshop = {
  host: photoshop,
  documents: createPhotoshopDocuments(strings.host),
  client: session.client,
  now: () => Date.now(),
};
const noteBatch = async (options: BatchSession['options']) => check.noteRecording(await actions.recordBatch(options));
const batch = new BatchSession(workshop, { oneRun, settings: () => session.settings, record: noteBatch }, (view) =>
  batchPanel?.draw(view),
);
const hooks: string[] = [];
const boot = bootProbes({ hooks }, facts.language, facts.system);
const known = () => measured.profile;
const bench = createBench(strings.check.start, known);
const findServer = async (cancel: Cancellation) => (await client.connect(cancel)).origin.replace(/^ws/, 'http');
const { quick, slow } = networkProbes({ ...network, findServer });
const photoshopProbes = [...readingProbes(bench, known), ...maskProbes(bench, known), ...commandProbes(bench)];
const probes = [...boot, ...quick, ...photoshopProbes, ...slow];
const check = new CheckSession(
  { oneRun, memory: measured, files: reportFiles, facts, home: homeFolder(), probes, boot, network: quick },
  (view) => checkPanel?.draw(view),
);
const life = new Cancellation();
const actions = new Actions(session, batch, strings);
// Before anything can fail: a step that Photoshop cannot find stops the Action it is in.
actions.register();

/** Called by `create` or by `show`, whichever this host calls, and perhaps by both; must not wait for anything. */
function openPanel(rootNode: HTMLElement, hook: 'create' | 'show'): void {
  hooks.push(hook);
  try {
    panel ??= createPanel(document, strings, session.intents);
    batchPanel ??= createBatchPanel(document, strings, batch.intents);
    checkPanel ??= createCheckPanel(document, strings, check.intents);
    panel.mount(rootNode);
    panel.draw(session.view);
    batchPanel.draw(batch.view);
    checkPanel.draw(check.view);
    session.watchServer();
    void check.begin(life);
  } catch (thrown) {
    showStartFailure(thrown, strings);
  }
}

/** The menu commands: the same runs, with an alert for a failure because the panel may be closed. Photoshop itself
 *  records them, without settings; a step of ours beside its own would do everything twice. */
async function maskFromMenu(): Promise<void> {
  const end = await session.maskSubject();
  if (end.name === 'failed') await alertUser(end.error);
  if (end.name === 'asking') await alertUser(new PluginError('MASK_EXISTS', { layer: end.layer }));
}

async function maskAllFromMenu(): Promise<void> {
  await batch.maskAll(batch.options).catch(async (error) => {
    if (!(error instanceof Cancelled)) await alertUser(error);
  });
}

async function checkFromMenu(): Promise<void> {
  await check.check();
  const words = [describeCheck(check.view, strings), ...describeDifferences(check.view, strings)];
  await core.showAlert({ message: words.join('\n') });
}

async function alertUser(error: unknown): Promise<void> {
  const { message, hint } = describeError(error, strings);
  await core.showAlert({ message: `${message}\n${hint}` });
}

entrypoints.setup({
  plugin: {
    destroy: () => {
      session.stop();
      life.cancel();
    },
  },
  panels: { hairline: { create: (node) => openPanel(node, 'create'), show: (node) => openPanel(node, 'show') } },
  commands: {
    maskSubject: { run: maskFromMenu },
    maskAllDocuments: { run: maskAllFromMenu },
    checkPhotoshop: { run: checkFromMenu },
  },
});
