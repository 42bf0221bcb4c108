import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import { encodePng, openEncoded } from '../../server/imaging/codec.ts';
import { seeded } from '../server/random.ts';

/** What the server sent back, whole. */
export interface Reply {
  status: number;
  headers: Headers;
  body: Buffer;
}

/** A request whose right answer is known. */
export interface Sample {
  name: string;
  path: string;
  method: string;
  headers: Record<string, string>;
  body: Uint8Array | string | null;
  /** What is wrong with a 200 or 204; null when nothing is. */
  check(reply: Reply): Promise<string | null> | string | null;
}

type Color = readonly [number, number, number];

interface Halves {
  width: number;
  height: number;
  left: Color;
  right: Color;
}

/** Networks rarely reach 0 and 1; the pipeline snaps the last 255th to them and stretches the rest. */
const SNAP = 1 / 255;

/** The stand-in's alpha of one color, 0..1: the mean of the channels, snapped. */
function alphaOf([r, g, b]: Color): number {
  return Math.min(1, Math.max(0, ((r + g + b) / 765 - SNAP) / (1 - 2 * SNAP)));
}

/** Well inside each half, where enlarging from the network's grid reaches over no edge. */
function probes({ width, height, left, right }: Halves) {
  return [0.15, 0.5, 0.85].flatMap((down) => [
    { x: Math.floor(0.12 * width), y: Math.floor(down * height), color: left },
    { x: Math.floor(0.88 * width), y: Math.floor(down * height), color: right },
  ]);
}

export interface MixOptions {
  seed: number;
  /** Longest side of a picture. */
  side?: number;
}

/** An endless mix of valid requests, the same for the same seed. Ids of finished mattes come back into it as edges. */
export class Mix {
  readonly #random: () => number;
  readonly #side: number;
  readonly #kept: { id: string; halves: Halves }[] = [];

  constructor({ seed, side = 640 }: MixOptions) {
    this.#random = seeded(seed);
    this.#side = side;
  }

  async next(): Promise<Sample> {
    const kind = Math.floor(this.#random() * 8);
    const edge = kind >= 6 ? this.#kept.pop() : undefined;
    if (edge) return kind === 6 ? this.#edge(edge) : this.#forget(edge.id);
    const halves = this.#halves();
    if (kind === 0) return this.#alpha(halves, 16, 4);
    if (kind === 1) return this.#png(halves);
    if (kind === 2) return this.#composition(halves);
    if (kind === 3) return this.#document(halves);
    return this.#alpha(halves, 8, 3);
  }

  #int(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  #halves(): Halves {
    const color = (): Color => [this.#int(0, 255), this.#int(0, 255), this.#int(0, 255)];
    return { width: this.#int(48, this.#side), height: this.#int(48, this.#side), left: color(), right: color() };
  }

  #alpha(halves: Halves, depth: 8 | 16, channels: 3 | 4): Sample {
    const scale = depth === 16 ? 257 : 1;
    const pixels = paint(halves, channels);
    const body = depth === 16 ? new Uint8Array(Uint16Array.from(pixels, (value) => value * 257).buffer) : pixels;
    return {
      ...rawRequest(halves, depth, channels, `?depth=${depth}`),
      name: `raw ${depth} bit, ${channels} channels`,
      body,
      check: ({ headers, body: answer }) => {
        const samples = depth === 16 ? new Uint16Array(answer.buffer, answer.byteOffset, answer.length / 2) : answer;
        this.#keep(headers, halves);
        return compare(halves, samples, 1, ({ color }) => [255 * scale * alphaOf(color)], 1.01 * scale);
      },
    };
  }

  async #png(halves: Halves): Promise<Sample> {
    return {
      name: 'PNG',
      path: '/v1/mattes?enhance=off',
      method: 'POST',
      headers: { 'content-type': 'image/png', accept: 'image/png' },
      body: await encodePng({ ...halves, channels: 3, data: paint(halves, 3) }),
      check: async ({ headers, body }) => {
        this.#keep(headers, halves);
        const picture = await openEncoded(body);
        const { data, channels } = await picture.readRaster(8);
        if (picture.width !== halves.width) return `${picture.width} px wide`;
        return compare(halves, data, channels, ({ color }) => [255 * alphaOf(color)], 1.01);
      },
    };
  }

  #composition(halves: Halves): Sample {
    const query = '?output=composition&background=black&decontaminate=0';
    return {
      ...rawRequest(halves, 8, 3, query),
      name: 'composition',
      body: paint(halves, 3),
      check: ({ headers, body }) => {
        this.#keep(headers, halves);
        return compare(halves, body, 3, ({ color }) => color.map((value) => value * alphaOf(color)), 2.01);
      },
    };
  }

  #document(halves: Halves): Sample {
    const request = rawRequest(halves, 8, 3, '?output=psd&cutout-layer=true');
    return {
      ...request,
      headers: { ...request.headers, accept: 'image/vnd.adobe.photoshop' },
      name: 'document',
      body: paint(halves, 3),
      check: ({ headers, body }) => {
        const size = `${body.readUInt32BE(18)} x ${body.readUInt32BE(14)}`;
        if (body.toString('latin1', 0, 4) !== '8BPS' || size !== `${halves.width} x ${halves.height}`) return size;
        return Number(headers.get('content-length')) === body.length ? null : `${body.length} bytes`;
      },
    };
  }

  #edge({ id, halves }: { id: string; halves: Halves }): Sample {
    return {
      name: 'edge',
      path: `/v1/mattes/${id}/edge`,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: RAW_TYPE },
      body: JSON.stringify({ contrast: 100 }),
      // A contrast of 100 makes alpha hard; next to 0.5 rounding decides.
      check: ({ body }) =>
        compare(
          halves,
          body,
          1,
          ({ color }) => (Math.abs(alphaOf(color) - 0.5) < 0.01 ? null : [alphaOf(color) > 0.5 ? 255 : 0]),
          0,
        ),
    };
  }

  #forget(id: string): Sample {
    const check = ({ status }: Reply) => (status === 204 ? null : `status ${status}`);
    return { name: 'forget', path: `/v1/mattes/${id}`, method: 'DELETE', headers: {}, body: null, check };
  }

  #keep(headers: Headers, halves: Halves): void {
    const id = headers.get(HEADERS.matteId);
    if (id) this.#kept.push({ id, halves });
    if (this.#kept.length > 20) this.#kept.shift();
  }
}

/** `enhance=off`: colors as flat as these would be stretched before the network sees them. */
function rawRequest({ width, height }: Halves, depth: number, channels: number, query: string) {
  return {
    path: `/v1/mattes${query}&enhance=off`,
    method: 'POST',
    headers: {
      'content-type': RAW_TYPE,
      [HEADERS.width]: String(width),
      [HEADERS.height]: String(height),
      [HEADERS.depth]: String(depth),
      [HEADERS.channels]: String(channels),
    },
  };
}

/** Opaque, whatever the channels. */
function paint({ width, height, left, right }: Halves, channels: 3 | 4): Uint8Array {
  const pixels = new Uint8Array(width * height * channels).fill(255);
  for (let i = 0; i < width * height; i++) pixels.set(2 * (i % width) < width ? left : right, i * channels);
  return pixels;
}

type Probe = ReturnType<typeof probes>[number];

function compare(
  halves: Halves,
  samples: Uint8Array | Uint16Array,
  channels: number,
  expected: (probe: Probe) => readonly number[] | null,
  tolerance: number,
): string | null {
  if (samples.length !== halves.width * halves.height * channels) return `${samples.length} samples`;
  for (const probe of probes(halves)) {
    const start = (probe.y * halves.width + probe.x) * channels;
    for (const [i, value] of (expected(probe) ?? []).entries()) {
      const got = samples[start + i]!;
      if (!(Math.abs(got - value) <= tolerance))
        return `${got} instead of ${value.toFixed(1)} at ${probe.x}, ${probe.y}`;
    }
  }
  return null;
}
