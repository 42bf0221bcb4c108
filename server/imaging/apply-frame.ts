import sharp from 'sharp';
import type { Frame } from './framing.ts';
import type { AlphaPlane, Raster } from './picture.ts';

/** Lays a matte, or straight RGBA, on its canvas: black or transparent where there is none of it. */
export async function applyFrame<T extends AlphaPlane | Raster>(pixels: T, whole: Frame): Promise<T> {
  const frame = cropToCanvas(whole);
  const { target, canvas } = frame;
  const channels = 'channels' in pixels ? pixels.channels : 1;
  const data = await scale(pixels, channels, frame);
  const samples = canvas.width * canvas.height * channels;
  const out = data instanceof Uint16Array ? new Uint16Array(samples) : new Uint8Array(samples);
  const left = Math.max(0, target.left);
  const right = Math.min(canvas.width, target.left + target.width);
  for (let y = Math.max(0, target.top); y < Math.min(canvas.height, target.top + target.height); y++) {
    const start = ((y - target.top) * target.width + left - target.left) * channels;
    if (right > left)
      out.set(data.subarray(start, start + (right - left) * channels), (y * canvas.width + left) * channels);
  }
  return { ...pixels, ...canvas, data: out };
}

/** Only of what shows on the canvas is a copy made: enlarged a lot, the rest would be far too large. */
function cropToCanvas({ source, target, canvas }: Frame): Frame {
  const [left, width] = crop(source.left, source.width, target.left, target.width, canvas.width);
  const [top, height] = crop(source.top, source.height, target.top, target.height, canvas.height);
  return {
    source: { left: left.source, top: top.source, width: width.source, height: height.source },
    target: { left: left.target, top: top.target, width: width.target, height: height.target },
    canvas,
  };
}

function crop(source: number, sourceSize: number, target: number, targetSize: number, room: number) {
  const scale = targetSize / sourceSize;
  const from = Math.min(sourceSize - 1, Math.max(0, Math.floor(-target / scale)));
  const to = Math.max(from + 1, Math.min(sourceSize, Math.ceil((room - target) / scale)));
  const start = Math.round(from * scale);
  const size = Math.max(1, Math.round(to * scale) - start);
  return [
    { source: source + from, target: target + start },
    { source: to - from, target: size },
  ] as const;
}

/** The source at the size of the target. */
async function scale(pixels: AlphaPlane | Raster, channels: 1 | 3 | 4, { source, target }: Frame) {
  const { width, height, data } = pixels;
  if (source.width === target.width && source.height === target.height) {
    const line = source.width * channels;
    const out =
      data instanceof Uint16Array ? new Uint16Array(line * source.height) : new Uint8Array(line * source.height);
    for (let y = 0; y < source.height; y++) {
      const start = ((source.top + y) * width + source.left) * channels;
      out.set(data.subarray(start, start + line), y * line);
    }
    return out;
  }
  const isDeep = data instanceof Uint16Array;
  const space = channels === 1 ? (isDeep ? 'grey16' : 'b-w') : isDeep ? 'rgb16' : 'srgb';
  const scaled = await sharp(data, { limitInputPixels: false, raw: { width, height, channels } })
    .extract(source)
    .resize(target.width, target.height, { fit: 'fill' })
    .toColorspace(space)
    .raw({ depth: isDeep ? 'ushort' : 'uchar' })
    .toBuffer();
  return isDeep ? new Uint16Array(scaled.buffer, scaled.byteOffset, scaled.length >> 1) : scaled;
}
