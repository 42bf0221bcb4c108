import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import {
  type Depth,
  type Enhance,
  type ForegroundMethod,
  HEADERS,
  type Kept,
  type MetadataChoice,
  type Output,
  PNG_TYPE,
  type ProfileChoice,
  RAW_TYPE,
  type Refine,
  type Subject,
} from '../../protocol/matte.ts';
import { type Device, loadUserConfig } from '../config/config.ts';
import type { Engine } from '../engine/engine.ts';
import { createModelRegistry } from '../registry/cached-registry.ts';
import { defaultsOf } from '../registry/preferred.ts';
import { builtInModelsDir } from '../registry/spec/spec-loader.ts';

export { AppError as HairlineError } from '../errors.ts';

/** Where networks come from and run. What is left out comes from the user's settings, as for the command line. */
export interface OpenOptions {
  device?: Device;
  /** Model folder. */
  cacheDir?: string;
  /** Id of the model that runs unless a picture names another one; `auto` takes the best one for the subject. */
  model?: string;
  /** Folders with model specs; the built-in ones by default. */
  modelsDirs?: readonly string[];
}

export interface MatteOptions {
  /** `alpha`: the matte in gray. `cutout`, `foreground`: RGBA. `composition`: RGB on `background`. */
  output?: Output;
  /** Bits per channel of the result. */
  depth?: Depth;
  /** A PNG file, or samples without padding; 16-bit ones are little-endian. */
  format?: 'png' | 'raw';
  /** Id of a model. */
  model?: string;
  subject?: Subject;
  refine?: Refine;
  subjects?: Exclude<Kept, 'point'>;
  enhance?: Enhance;
  foreground?: ForegroundMethod;
  /** CSS color under a composition. */
  background?: string;
  /** `keep`: colors stay in the picture's own RGB profile. */
  profile?: ProfileChoice;
  /** EXIF, IPTC and XMP of color results: `keep` leaves the place (GPS) out. */
  metadata?: MetadataChoice;
  signal?: AbortSignal;
  /** Called with 0..1, never decreasing. */
  onProgress?: (fraction: number) => void;
}

export interface Matte {
  bytes: Buffer;
  width: number;
  height: number;
  /** Model and execution provider that ran. */
  model: string;
  provider: string;
  /** Whether a subject was found. */
  hasSubject: boolean;
}

/** Loaded networks. Keep one for many pictures, and close it afterwards: it holds memory. */
export interface Hairline {
  /**
   * @param picture path of a file, or its bytes: a file of any format that the command line reads
   * @throws {HairlineError} with a stable `code` and a `hint`; the error of the file system; the signal's reason
   */
  matte(picture: string | URL | Uint8Array, options?: MatteOptions): Promise<Matte>;
  close(): Promise<void>;
}

/** Downloads the portrait models if they are missing, which takes a network once, and loads them. */
export async function openHairline({ modelsDirs = [builtInModelsDir], ...flags }: OpenOptions = {}): Promise<Hairline> {
  const config = loadUserConfig(flags);
  const registry = createModelRegistry({ modelsDirs, cacheDir: config.cacheDir, ...defaultsOf(config.model) });
  // Loaded only now, so that importing this file costs nothing.
  const { openLocalEngine } = await import('../engine/open-local.ts');
  // Mattes are kept for edge controls, which this interface does not have.
  const engine = openLocalEngine({ ...config, maxCacheBytes: 0 }, registry);
  try {
    await engine.prepare('auto');
    // Without its second model `best` answers like `fast`.
    await engine.prepareViews('best').catch(() => undefined);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return {
    matte: (picture, options) => run(engine, picture, options),
    close: () => engine.close(),
  };
}

/** One matte. Opens and closes everything, which for many pictures `openHairline` does only once. */
export async function createMatte(
  picture: string | URL | Uint8Array,
  { device, cacheDir, model, modelsDirs, ...options }: MatteOptions & OpenOptions = {},
): Promise<Matte> {
  const hairline = await openHairline({
    ...(device && { device }),
    ...(cacheDir && { cacheDir }),
    ...(model && { model }),
    ...(modelsDirs && { modelsDirs }),
  });
  try {
    return await hairline.matte(picture, options);
  } finally {
    await hairline.close();
  }
}

async function run(
  engine: Engine,
  picture: string | URL | Uint8Array,
  { format = 'png', signal = new AbortController().signal, onProgress, ...options }: MatteOptions = {},
): Promise<Matte> {
  const bytes = picture instanceof Uint8Array ? Buffer.from(picture) : await readFile(picture, { signal });
  const task = {
    layout: null,
    model: 'auto',
    subject: 'portrait',
    refine: 'best',
    output: 'alpha',
    depth: 8,
    background: 'white',
    foreground: 'best',
    decontaminate: 1,
    cutoutLayer: false,
    region: null,
    subjects: 'all',
    point: null,
    enhance: 'auto',
    profile: 'keep',
    metadata: 'keep',
    type: format === 'raw' ? RAW_TYPE : PNG_TYPE,
    ...options,
  } as const;
  const { body, headers } = await engine.matte(task, bytes, { signal, ...(onProgress && { onProgress }) });
  return {
    bytes: Buffer.isBuffer(body) ? body : await buffer(body),
    width: Number(headers[HEADERS.width]),
    height: Number(headers[HEADERS.height]),
    model: String(headers[HEADERS.model]),
    provider: String(headers[HEADERS.provider]),
    hasSubject: headers[HEADERS.subject] !== 'none',
  };
}
