import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config/config.ts';
import { AppError } from '../../errors.ts';
import type { Desk, Updates } from '../../system/desk.ts';
import { packageRoot, VERSION } from '../../system/package-root.ts';
import { starterOf } from '../autostart/autostart.ts';
import { AutostartError, firstLine, type Place, type Run } from '../autostart/starter.ts';
import { openCommand } from '../open-with.ts';
import { serveCommand } from './own-command.ts';

/** The page asks every few seconds, and on Windows each question starts a program. */
const FRESH_MS = 30_000;

/** What the page may change on this computer. @param panelFile the `.ccx` to install */
export function createDesk(
  { logDir }: Pick<Config, 'logDir'>,
  place: Place,
  run: Run,
  updates: Updates | null,
  panelFile = path.join(packageRoot, 'dist', `hairline-${VERSION}.ccx`),
): Desk {
  const starter = starterOf(place, run);
  const command = serveCommand(place.env, '--log-level', 'warn');
  const open = async (target: string, hint: string) => {
    const [program, ...args] = openCommand(target, place.platform, place.env);
    const { code, output } = await run(program, args);
    if (code !== 0) throw new AppError('SYSTEM_REFUSED', `${hint} (${firstLine(output)}).`);
  };
  let known: { on: boolean; at: number } | null = null;
  return {
    hasPanelFile: existsSync(panelFile) && place.platform !== 'linux',
    async autostart() {
      if (known && performance.now() - known.at < FRESH_MS) return known.on;
      known = { on: (await starter.state(command)) !== 'off', at: performance.now() };
      return known.on;
    },
    async setAutostart(on) {
      known = null;
      try {
        if (on) await starter.on(command);
        else await starter.off(true);
      } catch (error) {
        if (error instanceof AutostartError) throw new AppError('SYSTEM_REFUSED', error.message, { cause: error });
        throw error;
      }
    },
    openPanelFile: () =>
      open(panelFile, `The panel could not be opened. Is the Creative Cloud app installed? The file is ${panelFile}`),
    openLogFolder: () => open(logDir, `The folder ${logDir} could not be opened`),
    updates,
  };
}
