import type { Metadata } from './metadata/metadata.ts';

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

/** A raster computed while it is read, once, from top to bottom: it is never in memory as a whole. */
export interface RasterStream {
  width: number;
  height: number;
  channels: 3 | 4;
  depth: 8 | 16;
  /** Contiguous. Each is valid until the next is requested, which may reuse its memory. */
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

/** Pixels as they are in the file, upright but not converted. */
export interface OwnColors {
  /** ICC profile of three RGB channels. */
  readonly profile: Buffer;
  readRaster(depth: 8 | 16, rows?: Rows): Promise<Raster>;
}

/**
 * A picture that has been checked but not fully decoded. Upright (EXIF orientation applied) and in sRGB. Both readers
 * may be called more than once; each call decodes again, so that only one copy is in memory at a time.
 * @throws {AppError} TRUNCATED_IMAGE from both when the file turns out to be damaged.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  /** Pixels per inch, if the file states it. */
  readonly dpi?: number | undefined;
  /** Bits that its samples need: 16 for all that have more than 8. */
  readonly depth?: 8 | 16;
  /** Its pixels in its own RGB profile; absent where that is sRGB, or where it is no RGB. */
  readonly own?: OwnColors | undefined;
  readonly metadata?: Metadata | undefined;
  /** Whether it is the preview of a camera raw file. */
  readonly isPreview?: boolean;
  /** Memory that it holds on to. */
  readonly bytes?: number;
  /** The picture or a region of it stretched to `width` x `height`, 8-bit RGB. Transparency is shown over mid-gray. */
  readGrid(width: number, height: number, region?: Region): Promise<Uint8Array>;
  /** All pixels or some rows of them, RGB or RGBA, at 8 or 16 bits. */
  readRaster(depth: 8 | 16, rows?: Rows): Promise<Raster>;
  /** Whether rows cost as much time and memory as the whole picture. */
  readonly atOnce?: boolean;
}
