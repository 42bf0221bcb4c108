import { realpathSync } from 'node:fs';
import os from 'node:os';
import { packageRoot } from '../system/package-root.ts';

/** A copy of a value in which no string names the user or the home folder: people paste it into public reports. */
export function redact<T>(value: T, clean = hideUser()): T {
  if (typeof value === 'string') return clean(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redact(item, clean)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact(item, clean)])) as T;
}

/** Replaces the home folder by `~`, in whichever way it is written, and then the user's name wherever it is left. */
function hideUser(): (text: string) => string {
  const home = os.homedir();
  const homes = [home, resolveLinks(home)].filter((folder) => folder.length > 1);
  const patterns = homes
    .flatMap((folder) => [folder, folder.replaceAll('\\', '/'), folder.replaceAll('\\', '\\\\')])
    .map((folder) => [new RegExp(`${literally(folder)}(?![\\p{L}\\p{N}._-])`, 'giu'), '~'] as const);
  const names = [userName(), /[^\\/]+$/.exec(home)?.[0] ?? ''].filter(Boolean);
  const words = names.map(
    (name) => [new RegExp(`(?<![\\p{L}\\p{N}])${literally(name)}(?![\\p{L}\\p{N}])`, 'giu'), '<user>'] as const,
  );
  return (text) => [...patterns, ...words].reduce((rest, [pattern, mask]) => rest.replaceAll(pattern, mask), text);
}

/**
 * For logs, in which nobody looks before they are sent to somebody: besides the user, no token, no address beyond its
 * path, and of absolute paths only those of Hairline itself, as `./…`.
 */
export function hideSecrets(): (text: string) => string {
  const hide = hideUser();
  const own = new RegExp(`(?:file://)?${literally(packageRoot)}(?=[\\\\/])`, 'g');
  return (text) =>
    hide(
      text
        .replaceAll(own, '.')
        .replaceAll(/\bBearer\s+[^\s"',]+/gi, 'Bearer <secret>')
        .replaceAll(/\bhl_[\w-]{20,}/g, '<secret>')
        .replaceAll(/(\w:\/\/)[^\s/@"']+@/g, '$1')
        .replaceAll(/(\w:\/\/[^\s?"'<>]*)[?#][^\s"'<>]*/g, '$1')
        // As Node writes them in its errors: quoted, and so to their end whatever is in them.
        .replaceAll(/(['"])(?:[a-z]:[\\/]|\\\\|\/)[^\n]*?\1/gi, '<path>')
        // Others end at a blank, a colon or a bracket; what is left of names with blanks is not known to be one.
        .replaceAll(/(?<![\w.~:/\\<>-])(?:[a-z]:[\\/]|\\\\|\/(?=[^\s/]+\/))[^\s:'"()]*/gi, '<path>'),
    );
}

function resolveLinks(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** Fails where the system does not know the user, as in a container. */
function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return '';
  }
}

const literally = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
