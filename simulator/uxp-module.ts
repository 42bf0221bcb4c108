import path from 'node:path';
import type { Entrypoints } from './entrypoints.ts';
import type { Manifest } from './manifest.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';
import { createFileSystem, type Folders } from './storage.ts';

export interface PluginServices {
  readonly manifest: Manifest;
  readonly entrypoints: Entrypoints;
  readonly folders: Folders;
  /** Survives a reload of the plugin, like everything stored per plugin. */
  readonly secrets: Map<string, Uint8Array>;
  /** What shell.openExternal and openPath were asked to open. */
  readonly opened: string[];
  /** Called when the plugin opens a picker. */
  onPicker(): void;
}

/** require('uxp') for one plugin. */
export function uxpModule(host: HostState, session: PluginSession, services: PluginServices) {
  const { boundary } = session;
  const { manifest, entrypoints, secrets, folders } = services;
  const { localFileSystem: permission } = manifest.requiredPermissions;
  const localFileSystem = createFileSystem(host, session, folders, services.onPicker, permission);
  const secureStorage = boundary.wrapAll({
    setItem: async (key: string, value: string | Uint8Array) => {
      secrets.set(key, typeof value === 'string' ? Buffer.from(value) : Uint8Array.from(value));
    },
    getItem: async (key: string) => {
      const value = secrets.get(key);
      return value ? boundary.array(value) : null;
    },
    removeItem: async (key: string) => {
      secrets.delete(key);
    },
  });
  return {
    entrypoints: boundary.wrapAll({
      setup: (setup: Parameters<Entrypoints['setup']>[0]) => entrypoints.setup(setup),
      getPanel: (id: string) => entrypoints.panelInfo(id),
    }),
    host: {
      name: 'Photoshop',
      version: host.options.version,
      ...(host.faults.uiLocaleMissing ? {} : { uiLocale: host.options.uiLocale }),
    },
    versions: { uxp: `uxp-${host.atLeast('26.10') ? '9.0.0' : '8.0.1'}`, plugin: manifest.version },
    storage: { localFileSystem, secureStorage, formats: { utf8: 'utf8', binary: 'binary' } },
    shell: shellModule(host, session, services),
    pluginManager: {
      plugins: new Set([{ id: manifest.id, name: manifest.name, version: manifest.version, enabled: true }]),
    },
    os: { platform: () => host.options.osPlatform },
  };
}

function shellModule(host: HostState, session: PluginSession, { manifest, opened }: PluginServices) {
  const allowed = manifest.requiredPermissions.launchProcess;
  const denied = (what: string) => `Permission denied: ${what} is not listed in launchProcess.`;
  return session.boundary.wrapAll({
    openExternal: async (url: string) => {
      const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(String(url))?.[1]?.toLowerCase() ?? '';
      if (!allowed?.schemes?.includes(scheme)) return denied(`scheme ${scheme}`);
      opened.push(url);
      return '';
    },
    openPath: async (target: string) => {
      const extension = path.extname(String(target));
      if (!allowed?.extensions?.includes(extension)) return denied(`extension ${extension}`);
      opened.push(target);
      return host.faults.openPathRefused ?? '';
    },
  });
}
