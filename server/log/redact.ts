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

/** Replaces the home folder by `~`, in every spelling, and then remaining occurrences of the user's name. */
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
 * For logs, which users send to others unread: besides the user's name, removes tokens, everything after the path of a
 * URL, and absolute paths other than Hairline's own, which become `./…`.
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
        // Node quotes paths in its errors: these extend to the closing quote, whatever they contain.
        .replaceAll(/(['"])(?:[a-z]:[\\/]|\\\\|\/)[^\n]*?\1/gi, '<path>')
        // Unquoted paths end at a space, a colon or a bracket; the rest of a name with spaces cannot be recognized.
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

/** Fails if the system does not know the user, as in a container. */
function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return '';
  }
}

const literally = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
