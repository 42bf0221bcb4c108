import os from 'node:os';
import path from 'node:path';
import { photoshopModule } from './photoshop-module.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';
import { type PluginServices, uxpModule } from './uxp-module.ts';

/** What a plugin can require by name; each is made when it is first wanted. */
export function builtInModules(
  host: HostState,
  session: PluginSession,
  services: PluginServices,
): Record<string, () => unknown> {
  const { platform, osPlatform } = host.options;
  return {
    photoshop: () => photoshopModule(host, session),
    uxp: () => uxpModule(host, session, services),
    os: () =>
      session.boundary.wrapAll({
        platform: () => osPlatform,
        homedir: () => (platform === 'win32' ? 'C:\\Users\\me' : '/Users/me'),
        release: () => os.release(),
        arch: () => os.arch(),
      }),
    path: () => ({ ...(platform === 'win32' ? path.win32 : path.posix) }),
    process: () => ({ platform }),
    fs: () => refusing('fs'),
  };
}

/** A module that exists, none of whose functions is simulated: better a loud stop than a silent undefined. */
const refusing = (name: string) =>
  new Proxy(
    {},
    {
      get: (_, member) => {
        throw new Error(`${name}.${String(member)} is not simulated`);
      },
    },
  );
