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

/** And where a mask comes with the picture. */
export const refinedFor = (red: number, mask: number) => (red + mask) / 2;

interface Sent {
  readonly picture: Picture;
  readonly guide: Alpha | null;
}

/** A server in the same process, whose answers say pixel by pixel what it was sent. */
export class PictureClient implements Client {
  server: Server = { origin: 'http://127.0.0.1:7866', health, ready: null };
  sent: Picture[] = [];
  /** Called when a picture has arrived, before the answer: where a test lets the user do things. */
  onPicture: () => Promise<void> | void = () => {};
  /** Fails instead of answering. */
  failure: Error | null = null;
  readonly #kept = new Map<string, Sent>();

  connect: Client['connect'] = async (cancel) => {
    cancel.throwIfCancelled();
    return this.server;
  };

  matte: Client['matte'] = async (_server, { picture, depth, guide }, cancel) => {
    this.sent.push(picture);
    await this.onPicture();
    cancel.throwIfCancelled();
    if (this.failure) throw this.failure;
    if (guide?.data.every((value) => value === guide.data[0]))
      throw new ServerError('BAD_REQUEST', 'The mask is the same everywhere.', 'Send another one.');
    const matteId = `matte-${this.sent.length}`;
    this.#kept.set(matteId, { picture, guide });
    return { alpha: this.#alphaOf({ picture, guide }, depth, {}), model: 'red', provider: 'cpu', matteId };
  };

  edge: Client['edge'] = async (_server, matteId, request, cancel) => {
    const sent = this.#find(matteId);
    cancel.throwIfCancelled();
    return this.#alphaOf(sent, request.depth ?? 8, request);
  };

  colors: Client['colors'] = async (_server, matteId, request, cancel): Promise<Pixels> => {
    const sent = this.#find(matteId);
    cancel.throwIfCancelled();
    const { width, height, channels, depth, data } = sent.picture;
    const full = depth === 8 ? 255 : 65535;
    const out = depth === 8 ? new Uint8Array(width * height * 4) : new Uint16Array(width * height * 4);
    for (let pixel = 0; pixel < width * height; pixel++) {
      const [from, to] = [pixel * channels, pixel * 4];
      const plain = this.#opacityAt(sent, pixel);
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

  #find(matteId: string): Sent {
    const sent = this.#kept.get(matteId);
    if (!sent) throw new ServerError('MATTE_GONE', 'This matte is no longer kept.', 'Send the picture again.');
    return sent;
  }

  #opacityAt({ picture, guide }: Sent, pixel: number): number {
    const red = opacityFor(picture.data[pixel * picture.channels]! / (picture.depth === 8 ? 255 : 65535));
    return guide === null ? red : refinedFor(red, guide.data[pixel]! / (guide.depth === 8 ? 255 : 65535));
  }

  #alphaOf(sent: Sent, depth: 8 | 16, request: EdgeRequest): Alpha {
    const { width, height } = sent.picture;
    const full = depth === 8 ? 255 : 65535;
    const alpha = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
    for (let pixel = 0; pixel < alpha.length; pixel++) {
      alpha[pixel] = Math.round(edgeFor(this.#opacityAt(sent, pixel), request) * full);
    }
    return { width, height, depth, data: alpha };
  }
}
