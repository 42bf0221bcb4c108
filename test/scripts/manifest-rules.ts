/** A file of the package by its place; undefined if it has none. */
export type ReadFile = (place: string) => Uint8Array | undefined;

/** What a manifest should look like; a broken one has other types, which the checks find. */
interface Manifest {
  manifestVersion?: number;
  id?: string;
  name?: string;
  version?: string;
  main?: string;
  host?: Host | Host[];
  entrypoints?: Entry[];
  icons?: Icon[];
  requiredPermissions?: {
    network?: { domains?: string | string[] };
    localFileSystem?: string;
    launchProcess?: { extensions?: string[] };
  };
}

interface Host {
  app?: string;
  minVersion?: string;
  maxVersion?: string;
  data?: { apiVersion?: number; loadEvent?: string; enableMenuRecording?: boolean };
}

interface Size {
  width: number;
  height: number;
}

interface Entry extends Partial<Record<(typeof SIZES)[number], Size>> {
  type?: string;
  id?: string;
  label?: string | Record<string, string>;
  shortcut?: unknown;
  icons?: Icon[];
}

interface Icon extends Size {
  path: string;
  scale?: number[];
  theme?: string[];
  species?: string[];
}

const SIZES = ['minimumSize', 'maximumSize', 'preferredDockedSize', 'preferredFloatingSize'] as const;

const THEMES = ['lightest', 'light', 'medium', 'dark', 'darkest', 'all'];
const LARGEST_ICON = 1_000_000;

/** What Adobe's published rules find wrong with a packaged manifest; written from the documentation, not from our files. */
export function findProblems(read: ReadFile): string[] {
  const text = read('manifest.json');
  if (text === undefined) return ['no manifest.json at the root'];
  const manifest: Manifest = JSON.parse(Buffer.from(text).toString('utf8'));
  const { entrypoints = [], icons = [], main = '' } = manifest;
  return [
    ...findGeneralProblems(manifest),
    ...findHostProblems(manifest.host),
    ...findPermissionProblems(manifest.requiredPermissions ?? {}),
    ...entrypoints.flatMap((entry) => findEntryProblems(entry, read)),
    ...repeated(entrypoints.map(({ id = '' }) => id)).map((id) => `two entry points are called ${id}`),
    ...(icons.length === 0 ? ['the marketplace needs icons'] : []),
    ...icons.flatMap((icon) => findIconProblems(icon, read, icon.width)),
    ...(read(main) === undefined ? [`main ${main} is not in the package`] : []),
  ];
}

function findGeneralProblems(manifest: Manifest): string[] {
  const problems: string[] = [];
  const { manifestVersion, id, name, version = '', main = '' } = manifest;
  if (manifestVersion !== 5) problems.push('permissions of this form need manifest version 5');
  if (typeof id !== 'string' || id === '') problems.push('no id');
  if (typeof name !== 'string' || name.length < 3 || name.length > 45) problems.push('name must have 3 to 45 letters');
  if (!/^\d{1,2}\.\d{1,2}\.\d{1,2}$/.test(version)) problems.push('version must be x.y.z, each 0 to 99');
  if (!/\.html$/.test(main)) problems.push('a plugin with a panel starts with HTML');
  if (manifest.entrypoints === undefined) problems.push('no entrypoints');
  return problems;
}

function findHostProblems(host: Manifest['host'] = {}): string[] {
  if (Array.isArray(host)) return ['a package is for one host, not for a list'];
  const { app, minVersion = '', maxVersion, data = {} } = host;
  const problems: string[] = [];
  if (app !== 'PS') problems.push('host.app must be PS');
  for (const version of [minVersion, ...(maxVersion === undefined ? [] : [maxVersion])]) {
    if (!/^\d+\.\d+(\.\d+)?$/.test(version)) problems.push(`${version} is no version of a host`);
  }
  if (data.apiVersion !== undefined && data.apiVersion !== 2) problems.push('apiVersion must be 2');
  if (!['use', 'startup', undefined].includes(data.loadEvent)) problems.push('loadEvent must be use or startup');
  if (!['boolean', 'undefined'].includes(typeof data.enableMenuRecording))
    problems.push('enableMenuRecording: yes or no');
  return problems;
}

function findEntryProblems(entry: Entry, read: ReadFile): string[] {
  const problems: string[] = [];
  const { type, id = '', label = {}, icons = [] } = entry;
  if (type !== 'panel' && type !== 'command') problems.push(`${id}: no such type ${type}`);
  if (id === '') problems.push('an entry point has no id');
  const words: Record<string, string> = typeof label === 'string' ? { default: label } : label;
  if (!words.default) problems.push(`${id}: label needs a default`);
  for (const language of Object.keys(words)) {
    if (!/^(default|[a-z]{2}([-_][A-Z]{2})?)$/.test(language)) problems.push(`${id}: ${language} is no language`);
    if (words[language] === '') problems.push(`${id}: no words for ${language}`);
  }
  if (entry.shortcut !== undefined) problems.push(`${id}: Photoshop has no shortcuts for plugins`);
  for (const name of SIZES) {
    const size = entry[name];
    if (size && !(size.width > 0 && size.height > 0)) problems.push(`${id}: bad ${name}`);
  }
  return [...problems, ...icons.flatMap((icon) => findIconProblems(icon, read, 23))];
}

function findIconProblems(icon: Icon, read: ReadFile, side: number): string[] {
  const problems: string[] = [];
  const { width, height, path, scale = [1], theme = [], species } = icon;
  if (width !== side || height !== side) problems.push(`${path}: must be ${side} x ${side}`);
  if (species !== undefined && width !== 24) problems.push(`${path}: the plugin list shows 24 x 24`);
  for (const name of theme) if (!THEMES.includes(name)) problems.push(`${path}: no theme ${name}`);
  for (const factor of scale) {
    const place = path.replace(/\.png$/, `@${factor}x.png`);
    const bytes = read(place);
    if (bytes === undefined) problems.push(`${place} is not in the package`);
    else if (bytes.length > LARGEST_ICON) problems.push(`${place} is larger than 1 MB`);
    else if (sideOf(bytes) !== width * factor) problems.push(`${place} is not ${width * factor} pixels wide and high`);
  }
  return problems;
}

/** Width and height of a square PNG; NaN for anything else. */
function sideOf(bytes: Uint8Array): number {
  const png = Buffer.from(bytes);
  if (png.subarray(1, 4).toString('latin1') !== 'PNG') return Number.NaN;
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  return width === height ? width : Number.NaN;
}

function findPermissionProblems(permissions: NonNullable<Manifest['requiredPermissions']>): string[] {
  const problems: string[] = [];
  const { network, localFileSystem, launchProcess } = permissions;
  const domains = network?.domains ?? [];
  // The keyword only works by itself: in a list it is an ordinary, nonexistent host name.
  for (const origin of domains === 'all' ? [] : domains) {
    if (!/^(https?|wss?):\/\/[^/*]+$/.test(origin)) problems.push(`${origin} is no origin that Photoshop matches`);
  }
  if (!['plugin', 'request', 'fullAccess', undefined].includes(localFileSystem)) {
    problems.push(`localFileSystem cannot be ${localFileSystem}`);
  }
  for (const extension of launchProcess?.extensions ?? []) {
    if (!/^(\.\w+)?$/.test(extension)) problems.push(`${extension} is no extension`);
  }
  return problems;
}

function repeated(names: string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) < index);
}
