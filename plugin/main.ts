import { Actions } from './actions/actions.ts';
import { BatchSession } from './batch-session.ts';
import { Cancelled } from './cancellation.ts';
import { createHttp } from './client/http.ts';
import { createClient } from './client/matte-client.ts';
import { createPhotoshopDocuments } from './host/documents.ts';
import { createPhotoshopHost } from './host/photoshop-host.ts';
import { core, entrypoints, host } from './host/uxp.ts';
import { OneRun } from './one-run.ts';
import { Session } from './session.ts';
import { SubjectMemory } from './subject.ts';
import { BatchPanel } from './ui/batch-view.ts';
import { describeError } from './ui/messages.ts';
import { Panel } from './ui/panel.ts';
import { chooseStrings } from './ui/strings/choose.ts';

const strings = chooseStrings(host.uiLocale);
let panel: Panel | null = null;
let batchPanel: BatchPanel | null = null;

const photoshop = createPhotoshopHost(strings.host);
const client = createClient(createHttp());
const oneRun = new OneRun();
const session = new Session(photoshop, client, new SubjectMemory(), oneRun, (view) => panel?.draw(view));
const workshop = {
  host: photoshop,
  documents: createPhotoshopDocuments(strings.host),
  client: session.watchedClient(),
  now: () => Date.now(),
};
const batch = new BatchSession(
  workshop,
  oneRun,
  () => session.settings,
  (view) => batchPanel?.draw(view),
);
const actions = new Actions(session, batch, strings);
// Before anything can fail: a step that Photoshop cannot find stops the Action it is in.
actions.register();

/** Called by `create` or by `show`, whichever this host calls, and perhaps by both; must not wait for anything. */
function openPanel(rootNode: HTMLElement): void {
  panel ??= new Panel(document, strings, {
    maskSubject: () => void maskAndRecord(),
    chooseSubject: (subject) => session.chooseSubject(subject),
    cancel: () => session.cancel(),
  });
  batchPanel ??= new BatchPanel(document, strings, {
    start: () => void batchAndRecord(),
    stop: () => batch.stop(),
    resume: () => void batch.resume(),
    retry: () => void batch.retry(),
    toggleChoice: () => batch.toggleChoice(),
    choose: (documentId, chosen) => batch.choose(documentId, chosen),
    setRedoMasked: (redo) => batch.setRedoMasked(redo),
    setFormat: (format) => batch.setFormat(format),
    chooseFolder: () => void batch.chooseFolder(),
    forgetFolder: () => batch.forgetFolder(),
  });
  panel.mount(rootNode);
  panel.draw(session.view);
  batchPanel.draw(batch.view);
  void session.watchServer();
}

async function maskAndRecord(): Promise<void> {
  const end = await session.maskSubject();
  if (end.name === 'done') await actions.recordMask(session.settings);
}

async function batchAndRecord(): Promise<void> {
  if (await batch.start()) await actions.recordBatch(batch.options);
}

/** The menu commands: the same runs, with an alert for a failure because the panel may be closed. Photoshop itself
 *  records them, without settings; a step of ours beside its own would do everything twice. */
async function maskFromMenu(): Promise<void> {
  const end = await session.maskSubject();
  if (end.name === 'failed') await alertUser(end.error);
}

async function maskAllFromMenu(): Promise<void> {
  await batch.maskAll(batch.options).catch(async (error) => {
    if (!(error instanceof Cancelled)) await alertUser(error);
  });
}

async function alertUser(error: unknown): Promise<void> {
  const { message, hint } = describeError(error, strings);
  await core.showAlert({ message: `${message}\n${hint}` });
}

entrypoints.setup({
  plugin: { destroy: () => session.stopWatching() },
  panels: { hairline: { create: openPanel, show: openPanel } },
  commands: { maskSubject: { run: maskFromMenu }, maskAllDocuments: { run: maskAllFromMenu } },
});
