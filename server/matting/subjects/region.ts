import type { AlphaPlane, Picture, Raster, Region } from '../../imaging/picture.ts';
import type { CoarseAlpha } from '../grid/coarse-alpha.ts';
import type { Grid } from '../grid/preprocess.ts';

/**
 * Margin around a region that the networks see as well, as a share of its longer side. Around the boxes of six people
 * RVM's mean squared error was 0.0110 without a margin and 0.0091 with this one; more costs a small person resolution.
 */
const CONTEXT = 0.15;

/** The part of the picture that is searched for the region's subject. */
export function frameRegion({ left, top, width, height }: Region, picture: Grid): Region {
  const room = Math.round(CONTEXT * Math.max(width, height));
  const frame = { left: Math.max(0, left - room), top: Math.max(0, top - room) };
  return {
    ...frame,
    width: Math.min(picture.width, left + width + room) - frame.left,
    height: Math.min(picture.height, top + height + room) - frame.top,
  };
}

/** A part of a picture as a picture of its own. */
export function cropPicture(picture: Picture, frame: Region): Picture {
  const { left, top, width, height } = frame;
  return {
    width,
    height,
    hasAlpha: picture.hasAlpha,
    readGrid: (gridWidth, gridHeight, part) =>
      picture.readGrid(gridWidth, gridHeight, part ? { ...part, left: left + part.left, top: top + part.top } : frame),
    readRaster: async (depth, rows = { top: 0, height }) =>
      cropColumns(await picture.readRaster(depth, { top: top + rows.top, height: rows.height }), left, width),
    atOnce: picture.atOnce ?? false,
  };
}

function cropColumns({ width: stride, height, channels, data }: Raster, left: number, width: number): Raster {
  const line = width * channels;
  const out = data instanceof Uint16Array ? new Uint16Array(line * height) : new Uint8Array(line * height);
  for (let y = 0; y < height; y++) {
    const start = (y * stride + left) * channels;
    out.set(data.subarray(start, start + line), y * line);
  }
  return { width, height, channels, data: out };
}

/** The matte of a whole picture: what was found in the region, and 0 outside of it. */
export function placeAlpha(found: AlphaPlane, frame: Region, region: Region, picture: Grid): AlphaPlane {
  const { data } = found;
  const size = picture.width * picture.height;
  const out = data instanceof Uint16Array ? new Uint16Array(size) : new Uint8Array(size);
  for (let y = region.top; y < region.top + region.height; y++) {
    const start = (y - frame.top) * found.width + region.left - frame.left;
    out.set(data.subarray(start, start + region.width), y * picture.width + region.left);
  }
  return { width: picture.width, height: picture.height, data: out };
}

/** A coarse matte of the picture with nothing outside the region. */
export function clearOutside(alpha: CoarseAlpha, region: Region, picture: Grid): CoarseAlpha {
  const { width, height } = alpha;
  const [scaleX, scaleY] = [picture.width / width, picture.height / height];
  const data = alpha.data.map((value, i) => {
    const x = ((i % width) + 0.5) * scaleX - region.left;
    const y = (Math.floor(i / width) + 0.5) * scaleY - region.top;
    return x >= 0 && x < region.width && y >= 0 && y < region.height ? value : 0;
  });
  return { width, height, data };
}
