import { PluginError, textOf } from '../errors.ts';
import { os, shell } from './uxp.ts';

/** Where the server keeps a launcher of itself, below the user's home; the manifest permits both extensions. */
const MAC_LAUNCHER = '/.hairline/start-hairline.command';
const WINDOWS_LAUNCHER = '\\.hairline\\start-hairline.cmd';

/** What Photoshop says to the user when it asks whether it may. */
const REASON = 'Starts the Hairline server, which makes the masks on this computer.';

/**
 * Opens the launcher as a double click would, since UXP can start no program. Photoshop asks the user first.
 * Throws LAUNCH_FAILED if there is no launcher yet, or Photoshop or the user will not.
 */
export async function openLauncher(): Promise<void> {
  let refusal: string;
  try {
    refusal = await shell.openPath(launcherPath(), REASON);
  } catch (thrown) {
    refusal = textOf(thrown) || 'openPath failed';
  }
  // "" is success; what else it answers are the words of the system.
  if (typeof refusal === 'string' && refusal !== '') throw new PluginError('LAUNCH_FAILED', {}, refusal);
}

function launcherPath(): string {
  // Documentation has win32, win10 and windows.
  return os.homedir() + (os.platform().startsWith('win') ? WINDOWS_LAUNCHER : MAC_LAUNCHER);
}
