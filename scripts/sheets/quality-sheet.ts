import sharp from 'sharp';
import type { AlphaPlane, Raster } from '../../server/imaging/picture.ts';

const GAP = 12;
const CAPTION = 28;
/** Box for a whole picture. */
const WHOLE = { width: 300, height: 375 };
/** Window that is shown at `ZOOM`, in pixels of the picture. */
export const ZOOM_WINDOW = { width: 200, height: 125 };
const ZOOM = 3;
const PAPER = { r: 24, g: 25, b: 28 };
const ROW_HEIGHT = CAPTION + WHOLE.height + GAP;

/** What one row shows. Whole pictures are fitted into their boxes; windows are at most `ZOOM_WINDOW` and shown at 300 %. */
export interface SheetRow {
  caption: string;
  whole: readonly (Raster | AlphaPlane)[];
  windows: readonly (Raster | AlphaPlane)[];
}

/** Drawn by itself, so that the pictures of one row need not wait in memory for the others. @returns PNG bytes */
export async function drawSheetRow({ caption, whole, windows }: SheetRow): Promise<Buffer> {
  const fitted = whole.map((raster) =>
    open(raster)
      .resize({ ...WHOLE, fit: 'inside' })
      .png()
      .toBuffer(),
  );
  const zoomed = windows.map((raster) =>
    // Nearest: the sheet must show real pixels, without smoothing.
    open(raster)
      .resize(raster.width * ZOOM, raster.height * ZOOM, { kernel: 'nearest', fit: 'fill' })
      .png()
      .toBuffer(),
  );
  const panels = await Promise.all([...fitted, ...zoomed]);
  let left = GAP;
  const layers = panels.map((input, i) => {
    const at = left;
    left += GAP + (i < whole.length ? WHOLE.width : ZOOM * ZOOM_WINDOW.width);
    return { input, left: at, top: CAPTION };
  });
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${left}" height="${CAPTION}"><text x="${GAP}" y="20"
    font-family="sans-serif" font-size="16" fill="#ddd">${escapeMarkup(caption)}</text></svg>`;
  return paper(left, ROW_HEIGHT)
    .composite([...layers, { input: Buffer.from(text), left: 0, top: 0 }])
    .png({ compressionLevel: 2 })
    .toBuffer();
}

/** @param rows what `drawSheetRow` returned, from the top. @returns PNG bytes */
export async function stackSheetRows(rows: readonly Buffer[]): Promise<Buffer> {
  const widths = await Promise.all(rows.map(async (row) => (await sharp(row).metadata()).width));
  return paper(Math.max(1, ...widths), Math.max(1, rows.length) * ROW_HEIGHT)
    .composite(rows.map((input, i) => ({ input, left: 0, top: i * ROW_HEIGHT })))
    .png({ compressionLevel: 8 })
    .toBuffer();
}

function paper(width: number, height: number) {
  return sharp({ create: { width, height, channels: 3, background: PAPER } });
}

function open(raster: Raster | AlphaPlane) {
  const { width, height, data } = raster;
  const channels = 'channels' in raster ? raster.channels : 1;
  return sharp(data, { limitInputPixels: false, raw: { width, height, channels } }).toColorspace('srgb');
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
