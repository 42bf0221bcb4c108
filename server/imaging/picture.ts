/** Interleaved straight samples, row-major, no padding. 16-bit samples use 0..65535. */
export interface Raster {
  width: number;
  height: number;
  channels: 3 | 4;
  data: Uint8Array | Uint16Array;
}

/** Size and layout that a raw upload announces, and the bytes that it takes. */
export interface RawLayout {
  width: number;
  height: number;
  channels: 3 | 4;
  depth: 8 | 16;
  bytes: number;
}

/** Some rows of a raster, at its full width. */
export interface Strip extends Raster {
  /** Row of the whole raster that comes first. */
  top: number;
}

/** A raster that is made while it is read, once, from top to bottom: it never lies in memory as a whole. */
export interface RasterStream {
  width: number;
  height: number;
  channels: 3 | 4;
  depth: 8 | 16;
  /** They follow each other without a gap. Each lasts until the next is asked for, which may be written over it. */
  strips: AsyncIterable<Strip>;
}

/** One opaque plane: an alpha matte of 8 or 16 bits per sample. */
export interface AlphaPlane {
  width: number;
  height: number;
  data: Uint8Array | Uint16Array;
}

/** A rectangle of whole pixels inside a picture. */
export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Rows {
  top: number;
  height: number;
}

/**
 * A picture that has been checked but not fully decoded. Upright (EXIF orientation applied) and in sRGB.
 * Both readers may be called more than once; each decodes anew so that memory holds one copy at a time.
 * @throws {AppError} TRUNCATED_IMAGE from both when the file turns out to be damaged.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  /** Pixels per inch, where the file says so. */
  readonly dpi?: number | undefined;
  /** The picture or a region of it stretched to `width` x `height`, RGB 8 bit. Transparency is shown over mid-grey. */
  readGrid(width: number, height: number, region?: Region): Promise<Uint8Array>;
  /** All pixels or some rows of them, RGB or RGBA, at 8 or 16 bits. */
  readRaster(depth: 8 | 16, rows?: Rows): Promise<Raster>;
  /** Whether rows cost as much time and memory as the whole picture. */
  readonly atOnce?: boolean;
}
