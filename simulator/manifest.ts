import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compareVersions } from './state.ts';

export interface Entrypoint {
  readonly type: 'panel' | 'command';
  readonly id: string;
}

export interface Manifest {
  readonly manifestVersion: number;
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly main: string;
  readonly entrypoints: readonly Entrypoint[];
  /** Whether its menu commands become steps of an Action that is being recorded. */
  readonly recordsMenu: boolean;
  readonly requiredPermissions: {
    readonly network?: { readonly domains?: unknown };
    readonly launchProcess?: { readonly schemes?: string[]; readonly extensions?: string[] };
    readonly clipboard?: string;
    readonly localFileSystem?: string;
    readonly allowCodeGenerationFromStrings?: boolean;
  };
}

/** Permissions came with version 5; before it everything is allowed. */
const EVERYTHING: Manifest['requiredPermissions'] = {
  network: { domains: 'all' },
  launchProcess: { schemes: ['http', 'https', 'mailto', 'file'], extensions: [''] },
  clipboard: 'readAndWrite',
  localFileSystem: 'fullAccess',
  allowCodeGenerationFromStrings: true,
};

function permissionsOf(raw: Record<string, unknown>): Manifest['requiredPermissions'] {
  const declared = raw.requiredPermissions as Manifest['requiredPermissions'] | undefined;
  return declared ?? (raw.manifestVersion === 4 ? EVERYTHING : {});
}

interface HostEntry {
  app?: string;
  minVersion?: string;
  maxVersion?: string;
  data?: { enableMenuRecording?: boolean };
}

/** Reads and judges manifest.json as Photoshop does on load. */
export function readManifest(folder: string, version: string): Manifest {
  const raw = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as Record<string, unknown>;
  for (const field of ['id', 'name', 'version', 'host']) {
    if (raw[field] === undefined) throw new Error(`manifest.json: ${field} is missing`);
  }
  if (![4, 5, 6].includes(raw.manifestVersion as number))
    throw new Error('manifest.json: manifestVersion must be 4, 5 or 6');
  if (!/^\d{1,2}\.\d{1,2}\.\d{1,2}$/.test(String(raw.version))) throw new Error('manifest.json: version must be x.y.z');
  for (const { id, label } of (raw.entrypoints ?? raw.entryPoints ?? []) as { id: string; label?: unknown }[]) {
    const text = typeof label === 'object' && label !== null ? (label as { default?: unknown }).default : label;
    if (typeof text !== 'string') throw new Error(`manifest.json: entrypoint ${id} needs a label (with a default)`);
  }
  const hosts = (Array.isArray(raw.host) ? raw.host : [raw.host]) as HostEntry[];
  const host = hosts.find((entry) => entry.app === 'PS');
  if (!host) throw new Error('manifest.json: no host entry for PS');
  if (host.minVersion && compareVersions(version, host.minVersion) < 0) {
    throw new Error(`${raw.name} needs Photoshop ${host.minVersion} or newer; this is ${version}`);
  }
  if (host.maxVersion && compareVersions(version, host.maxVersion) > 0) {
    throw new Error(`${raw.name} needs Photoshop ${host.maxVersion} or older; this is ${version}`);
  }
  return {
    manifestVersion: raw.manifestVersion as number,
    id: String(raw.id),
    name: String(raw.name),
    version: String(raw.version),
    main: String(raw.main ?? 'main.js'),
    entrypoints: (raw.entrypoints ?? raw.entryPoints ?? []) as Entrypoint[],
    recordsMenu: host.data?.enableMenuRecording === true,
    requiredPermissions: permissionsOf(raw),
  };
}
