import type { Client, Server } from '../../plugin/client/client.ts';
import { ServerError } from '../../plugin/errors.ts';
import type { Alpha, Picture, Pixels } from '../../plugin/picture.ts';
import { PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';

const health = { name: 'hairline', version: '0.1.0', protocol: PROTOCOL_VERSION } as const;

/** What this server finds at a pixel: its red, so that pixels from the wrong place or under a mask make a wrong matte. */
export const opacityFor = (red: number) => red;

/** Edge controls of this server: `contrast` inverts, so that everything that was asked for shows. */
export const edgeFor = (opacity: number, { contrast = 0 }: EdgeRequest) => (contrast > 0 ? 1 - opacity : opacity);

/** Where it changes colors: in what is soft. There blue becomes this. */
export const CLEAN_BLUE = 0.9;
export const isSoft = (opacity: number) => opacity > 0.25 && opacity < 0.75;
/** So close to where that changes that rounding decides. */
export const isUnclear = (opacity: number) => Math.abs(Math.abs(opacity - 0.5) - 0.25) < 0.01;

/** A server in the same process, whose answers say pixel by pixel what it was sent. */
export class PictureClient implements Client {
  server: Server = { origin: 'http://127.0.0.1:7866', health, ready: null };
  sent: Picture[] = [];
  /** Called when a picture has arrived, before the answer: where a test lets the user do things. */
  onPicture: () => Promise<void> | void = () => {};
  /** Fails instead of answering. */
  failure: Error | null = null;
  readonly #kept = new Map<string, Picture>();

  connect: Client['connect'] = async (cancel) => {
    cancel.throwIfCancelled();
    return this.server;
  };

  matte: Client['matte'] = async (_server, { picture, depth }, cancel) => {
    this.sent.push(picture);
    await this.onPicture();
    cancel.throwIfCancelled();
    if (this.failure) throw this.failure;
    const matteId = `matte-${this.sent.length}`;
    this.#kept.set(matteId, picture);
    return { alpha: this.#alphaOf(picture, depth, {}), model: 'red', provider: 'cpu', matteId };
  };

  edge: Client['edge'] = async (_server, matteId, request, cancel) => {
    const picture = this.#find(matteId);
    cancel.throwIfCancelled();
    return this.#alphaOf(picture, request.depth ?? 8, request);
  };

  colors: Client['colors'] = async (_server, matteId, request, cancel): Promise<Pixels> => {
    const picture = this.#find(matteId);
    cancel.throwIfCancelled();
    const { width, height, channels, depth, data } = picture;
    const full = depth === 8 ? 255 : 65535;
    const out = depth === 8 ? new Uint8Array(width * height * 4) : new Uint16Array(width * height * 4);
    for (let pixel = 0; pixel < width * height; pixel++) {
      const [from, to] = [pixel * channels, pixel * 4];
      const plain = opacityFor(data[from]! / full);
      out.set(data.subarray(from, from + 3), to);
      if (isSoft(plain)) out[to + 2] = Math.round(CLEAN_BLUE * full);
      const own = channels === 4 ? data[from + 3]! / full : 1;
      out[to + 3] = Math.round(edgeFor(plain, request) * own * full);
      if (request.output === 'cutout' && out[to + 3] === 0) out.fill(0, to, to + 4);
    }
    return { width, height, channels: 4, depth, data: out };
  };

  preview: Client['preview'] = async () => ({ type: 'image/png', bytes: new ArrayBuffer(0) });

  forgetMattes(): void {
    this.#kept.clear();
  }

  #find(matteId: string): Picture {
    const picture = this.#kept.get(matteId);
    if (!picture) throw new ServerError('MATTE_GONE', 'This matte is no longer kept.', 'Send the picture again.');
    return picture;
  }

  #alphaOf({ width, height, channels, depth: bits, data }: Picture, depth: 8 | 16, request: EdgeRequest): Alpha {
    const full = depth === 8 ? 255 : 65535;
    const scale = bits === 8 ? 255 : 65535;
    const alpha = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
    for (let pixel = 0; pixel < alpha.length; pixel++) {
      const red = opacityFor(data[pixel * channels]! / scale);
      alpha[pixel] = Math.round(edgeFor(red, request) * full);
    }
    return { width, height, depth, data: alpha };
  }
}
