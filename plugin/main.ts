import { createHttp } from './client/http.ts';
import { createClient } from './client/matte-client.ts';
import { createPhotoshopHost } from './host/photoshop-host.ts';
import { core, entrypoints, host } from './host/uxp.ts';
import { Session } from './session.ts';
import { SubjectMemory } from './subject.ts';
import { describeError } from './ui/messages.ts';
import { Panel } from './ui/panel.ts';
import { chooseStrings } from './ui/strings/choose.ts';

const strings = chooseStrings(host.uiLocale);
let panel: Panel | null = null;

const session = new Session(
  createPhotoshopHost(strings.host),
  createClient(createHttp()),
  new SubjectMemory(),
  (view) => panel?.draw(view),
);

/** Called by `create` or by `show`, whichever this host calls, and perhaps by both; must not wait for anything. */
function openPanel(rootNode: HTMLElement): void {
  panel ??= new Panel(document, strings, {
    maskSubject: () => void session.maskSubject(),
    chooseSubject: (subject) => session.chooseSubject(subject),
    cancel: () => session.cancel(),
  });
  panel.mount(rootNode);
  panel.draw(session.view);
  void session.watchServer();
}

/** The menu command: the same run, with an alert for a failure because the panel may be closed. */
async function runCommand(): Promise<void> {
  const end = await session.maskSubject();
  if (end.name !== 'failed') return;
  const { message, hint } = describeError(end.error, strings);
  await core.showAlert({ message: `${message}\n${hint}` });
}

entrypoints.setup({
  plugin: { destroy: () => session.stopWatching() },
  panels: { hairline: { create: openPanel, show: openPanel } },
  commands: { maskSubject: { run: runCommand } },
});
