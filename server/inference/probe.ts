import type { ModelSpec } from '../registry/spec/model-spec.ts';
import type { Session, Tensor } from './session.ts';

/** How far the answers of two providers are apart, as shares of the output's range. */
export interface Difference {
  mean: number;
  /** 99.9 of 100 values differ by less. */
  p999: number;
}

/**
 * What counts as the same answer. Rounding on a GPU moves single values by about 0.001, TF32 and half precision by
 * 0.01; a mask that looks different, or a strip of wrong pixels, is far beyond.
 */
const TOLERANCE: Difference = { mean: 0.005, p999: 0.05 };

/** Runs the network on the picture that every provider is checked with. @throws {Error} */
export async function runProbe(session: Session, spec: ModelSpec): Promise<Float32Array> {
  const { width, height, name } = spec.input;
  const input = packProbe(drawPortrait(width, height), spec);
  const { [spec.output.name]: output } = await session.run({ [name]: input }, [spec.output.name]);
  const { data } = output as Tensor;
  if (data.length !== width * height) {
    throw new Error(`the output has ${data.length} values instead of ${width * height}`);
  }
  return data;
}

/** What no network answers to the probe: broken providers do (product.md: fp16 and CoreML faults). */
export function findNonsense(output: Float32Array): 'nan' | 'flat' | null {
  if (!output.every(Number.isFinite)) return 'nan';
  return output.every((value) => value === output[0]) ? 'flat' : null;
}

/** Compares as a mask would show it: what lies outside the range is cut off first. */
export function compareAnswers(a: Float32Array, b: Float32Array, [low, high]: readonly [number, number]): Difference {
  const clamp = (value: number) => Math.min(Math.max(value, low), high);
  const apart = Float32Array.from(a, (value, i) => Math.abs(clamp(value) - clamp(b[i] ?? Number.NaN)) / (high - low));
  const mean = apart.reduce((sum, value) => sum + value, 0) / apart.length;
  apart.sort();
  return { mean, p999: apart[Math.ceil(apart.length * 0.999) - 1] ?? Number.NaN };
}

/** Written so that NaN is not the same as anything. */
export function isSameAnswer({ mean, p999 }: Difference): boolean {
  return mean <= TOLERANCE.mean && p999 <= TOLERANCE.p999;
}

/**
 * A crude portrait, RGB: hair, face and shoulders, off the middle so that a mirrored or shifted answer shows too.
 * Networks that only look for people answer to it, which they do not to a plain disc.
 */
export function drawPortrait(width: number, height: number): Uint8Array {
  const inside = (x: number, y: number, cx: number, cy: number, rx: number, ry: number) =>
    ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1;
  const colorAt = (x: number, y: number): readonly [number, number, number] => {
    if (inside(x, y, 0.415, 0.37, 0.014, 0.011) || inside(x, y, 0.505, 0.37, 0.014, 0.011)) return [40, 30, 30];
    if (inside(x, y, 0.46, 0.475, 0.04, 0.01)) return [170, 80, 80];
    if (inside(x, y, 0.46, 0.395, 0.115, 0.165)) return [224, 178, 150];
    if (inside(x, y, 0.46, 0.35, 0.145, 0.2)) return [58, 38, 28];
    if (x > 0.4 && x < 0.52 && y > 0.5 && y < 0.66) return [205, 158, 132];
    if (inside(x, y, 0.46, 1, 0.36, 0.38)) return [60, 70, 130];
    return [150 + 60 * y, 185 + 20 * x, 205 - 40 * y];
  };
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) rgb.set(colorAt((x + 0.5) / width, (y + 0.5) / height), i);
  }
  return rgb;
}

/** The same arithmetic as the pipeline's, which lies a layer above. */
function packProbe(rgb: Uint8Array, { input }: ModelSpec): Tensor {
  const { width, height } = input;
  const plane = width * height;
  const planar = input.layout === 'NCHW';
  const data = new Float32Array(3 * plane);
  for (let i = 0; i < data.length; i++) {
    const [channel, pixel] = planar ? [Math.floor(i / plane), i % plane] : [i % 3, Math.floor(i / 3)];
    const source = input.channels === 'RGB' ? channel : 2 - channel;
    data[i] = (rgb[3 * pixel + source]! - input.mean[channel]!) * input.scale[channel]!;
  }
  return { data, dims: planar ? [1, 3, height, width] : [height, width, 3] };
}
