import { host, os, versions } from './uxp.ts';

/** Which host this is; nothing of its user. */
export interface HostFacts {
  readonly hairline: string;
  readonly photoshop: string;
  readonly uxp: string;
  /** As Node and UXP name it: darwin, win32, win10 or windows. */
  readonly system: string;
  readonly release: string;
  readonly language: string;
}

const told = (value: unknown) => (typeof value === 'string' && value !== '' ? value : 'not told');

/** Any of it may be missing, and none of it may keep the panel from starting. */
export function readHostFacts(): HostFacts {
  const ask = (read: () => unknown) => {
    try {
      return told(read());
    } catch {
      return 'not told';
    }
  };
  return {
    hairline: ask(() => versions.plugin),
    photoshop: ask(() => host.version),
    uxp: ask(() => versions.uxp),
    system: ask(() => os.platform()),
    release: ask(() => os.release()),
    language: ask(() => host.uiLocale),
  };
}

export function homeFolder(): string {
  try {
    return os.homedir();
  } catch {
    return '';
  }
}
