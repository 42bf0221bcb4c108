import type { ColorSpace } from './color.ts';
import { HostError } from './errors.ts';
import { allocate, type Depth, depthOf, type PixelData, toFullRange } from './pixels.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';

export interface ImageContent {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly colorSpace: ColorSpace;
  readonly colorProfile: string;
  /** Interleaved; 16-bit as 0..32768. May share memory with a document: never written to. */
  readonly data: PixelData;
}

export function defaultProfile(space: ColorSpace, depth: Depth): string {
  if (space === 'Lab') return 'Lab D50';
  if (space === 'Grayscale') return 'Gray Gamma 2.2';
  return depth === 32 ? 'sRGB IEC61966-2.1 (Linear RGB Profile)' : 'sRGB IEC61966-2.1';
}

/** Outside the class: whatever a class has, plugins can reach. */
const contents = new WeakMap<ImageData, ImageContent>();

function use(image: ImageData): ImageContent {
  const content = contents.get(image);
  if (!content) throw new HostError('The image data has been disposed.');
  return content;
}

/** PhotoshopImageData. Plugins cannot construct it; they must dispose of it. */
export class ImageData {
  readonly #host: HostState;
  readonly #session: PluginSession;
  readonly #about: ImageContent;

  constructor(host: HostState, session: PluginSession, content: ImageContent) {
    this.#host = host;
    this.#session = session;
    contents.set(this, content);
    this.#about = { ...content, data: allocate(depthOf(content.data), 0) };
    host.memory.add(content.data.byteLength);
  }

  get width(): number {
    return this.#about.width;
  }
  get height(): number {
    return this.#about.height;
  }
  get colorSpace(): string {
    return this.#about.colorSpace;
  }
  get colorProfile(): string {
    return this.#about.colorProfile;
  }
  get components(): number {
    return this.#about.components;
  }
  get hasAlpha(): boolean {
    return this.#about.components === 2 || this.#about.components === 4;
  }
  get componentSize(): Depth {
    return depthOf(this.#about.data);
  }
  get pixelFormat(): string {
    const base = this.#about.colorSpace === 'Lab' ? 'LAB' : this.#about.colorSpace;
    return this.hasAlpha ? (base === 'RGB' ? 'RGBA' : `${base}Alpha`) : base;
  }
  get isChunky(): boolean {
    return true;
  }
  get type(): string {
    return 'image/uncompressed';
  }

  async getData(options: { chunky?: boolean; fullRange?: boolean } = {}): Promise<PixelData> {
    use(this);
    await this.#host.modal.enterCall(this.#host.options.strictReads);
    const { data, components } = use(this);
    const ranged = options.fullRange && data instanceof Uint16Array ? toFullRange(data) : data;
    const ordered = options.chunky === false ? planar(ranged, components) : ranged;
    this.#host.memory.copied += data.byteLength;
    return this.#session.boundary.array(ordered);
  }

  /** Frees at once; further use is an error. Disposing twice is harmless. */
  dispose(): void {
    const content = contents.get(this);
    if (!content) return;
    this.#host.memory.release(content.data.byteLength);
    contents.delete(this);
  }
}

/** The content behind a plugin's imageData argument. */
export function contentOf(session: PluginSession, facade: unknown): ImageContent {
  const target = session.boundary.unwrap(facade);
  if (!(target instanceof ImageData)) {
    throw new HostError('imageData must be a PhotoshopImageData', { kind: 'TypeError' });
  }
  return use(target);
}

export function planar(data: PixelData, components: number): PixelData {
  const count = data.length / components;
  const out = allocate(depthOf(data), data.length);
  for (let c = 0; c < components; c++) for (let i = 0; i < count; i++) out[c * count + i] = data[i * components + c]!;
  return out;
}

export function interleaved(data: PixelData, components: number): PixelData {
  const count = data.length / components;
  const out = allocate(depthOf(data), data.length);
  for (let c = 0; c < components; c++) for (let i = 0; i < count; i++) out[i * components + c] = data[c * count + i]!;
  return out;
}
