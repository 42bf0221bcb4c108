import { createHttp } from './client/http.ts';
import { createClient } from './client/matte-client.ts';
import { PluginError } from './errors.ts';
import { openLauncher } from './host/launcher.ts';
import { readPermittedOrigins } from './host/permissions.ts';
import { createPhotoshopHost } from './host/photoshop-host.ts';
import { core, entrypoints, host } from './host/uxp.ts';
import { Session } from './session.ts';
import { SettingsMemory } from './settings-memory.ts';
import { describeError } from './ui/messages.ts';
import { Panel } from './ui/panel.ts';
import { chooseStrings } from './ui/strings/choose.ts';

const strings = chooseStrings(host.uiLocale);
const memory = new SettingsMemory();
let panel: Panel | null = null;

const session = new Session(
  createPhotoshopHost(strings.host),
  createClient(createHttp(), () => memory.address),
  { memory, openLauncher, readPermittedOrigins },
  (view) => panel?.draw(view),
);

/** Called by `create` or by `show`, whichever this host calls, and perhaps by both; must not wait for anything. */
function openPanel(rootNode: HTMLElement): void {
  panel ??= new Panel(document, strings, session.intents);
  panel.mount(rootNode);
  panel.draw(session.view);
  session.watchServer();
}

/** The menu command: the same run, with an alert for a failure because the panel may be closed. */
async function runCommand(): Promise<void> {
  const end = await session.maskSubject();
  if (end.name !== 'failed' && end.name !== 'asking') return;
  const error = end.name === 'failed' ? end.error : new PluginError('MASK_EXISTS', { layer: end.layer });
  const { message, hint } = describeError(error, strings);
  await core.showAlert({ message: `${message}\n${hint}` });
}

entrypoints.setup({
  plugin: { destroy: () => session.stop() },
  panels: { hairline: { create: openPanel, show: openPanel } },
  commands: { maskSubject: { run: runCommand } },
});
