/** Header names of `POST /v1/mattes`. A raw body is straight (not premultiplied) RGB or RGBA in row order, no padding;
 *  16-bit samples are little-endian and use the full range 0..65535. */
export const HEADERS = {
  width: 'x-image-width',
  height: 'x-image-height',
  /** 3 (RGB) or 4 (RGBA) in a request; 1 in an alpha answer. */
  channels: 'x-image-channels',
  /** Bits per sample: 8 or 16. */
  depth: 'x-image-depth',
  /** 8 or 16: after the raw pixels follows a mask of their size, one sample of so many bits per pixel. */
  mask: 'x-image-mask',
  matteId: 'x-matte-id',
  /** Id of the model that ran. */
  model: 'x-model',
  /** Execution provider that ran it, for example `cpu` or `cuda`. */
  provider: 'x-provider',
  /** `none` where no subject was found, else `found`. */
  subject: 'x-subject',
  /** `preview`: the embedded preview of a camera raw file was used; else absent. */
  source: 'x-source',
} as const;

export const RAW_TYPE = 'application/octet-stream';
export const PNG_TYPE = 'image/png';
/** For opaque 8-bit answers. */
export const JPEG_TYPE = 'image/jpeg';

export const ENCODED_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/tiff',
  'image/avif',
  'image/gif',
  'image/vnd.adobe.photoshop',
  'image/heic',
  'image/heif',
  'image/bmp',
  // Raw files of cameras, whatever their own type.
  'image/x-dcraw',
] as const;
export type EncodedType = (typeof ENCODED_TYPES)[number];

/**
 * What `POST /v1/mattes` returns. `alpha`: the matte alone. `foreground` and `cutout`: straight RGBA, with the
 * background's color removed from soft edges; `foreground` extends beyond them, so that its mask can grow; `cutout`
 * ends there and is empty outside. `composition`: RGB over `background`.
 */
export const OUTPUTS = ['alpha', 'cutout', 'foreground', 'composition'] as const;
export type Output = (typeof OUTPUTS)[number];

/** `output` of a layered document: the picture with the matte as Layer Mask. */
export const DOCUMENT = 'psd';
export const DOCUMENT_TYPE = 'image/vnd.adobe.photoshop';

/** `output` of the outline as Bézier curves, in JSON: see `ClippingPath`. */
export const PATH = 'path';
export const PATH_TYPE = 'application/json';

/** Name of clipping paths in Photoshop. */
export const PATH_NAME = 'Hairline';

/** How far a path may be from the outline of the matte, in pixels. */
export const PATH_TOLERANCE = { default: 1, minimum: 0.25, maximum: 20 } as const;

/** `fast`: at most two network runs. `best`: a consensus of more, if their models are installed. */
export const REFINEMENTS = ['fast', 'best'] as const;
export type Refine = (typeof REFINEMENTS)[number];

/** Bits per sample. */
export const DEPTHS = [8, 16] as const;
export type Depth = (typeof DEPTHS)[number];

/** What `model=auto` looks for: a person, or any salient object. */
export const SUBJECTS = ['portrait', 'object'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** Which subjects in a matte to keep: all, the largest, or the one at or nearest to a point. */
export const KEPT = ['all', 'largest', 'point'] as const;
export type Kept = (typeof KEPT)[number];

/** With a size, how a picture is fitted: all of it (`contain`), filling it (`cover`), or never enlarged (`shrink`). */
export const FITS = ['contain', 'cover', 'shrink'] as const;
export type Fit = (typeof FITS)[number];

/** Pixels or percent around a result, its width and height, and where the subject lies in it. */
export const MARGIN_PATTERN = '^\\d{1,5}(\\.\\d{1,4})?(px|%)?$';
export const SIZE_PATTERN = '^[1-9]\\d{0,4}x[1-9]\\d{0,4}$';
export const ALIGN_PATTERN = '^(center|(top|bottom)(-(left|right|center))?|(left|right)(-(top|bottom|center))?)$';

/** `left,top,width,height` of a region and `x,y` of a point, in pixels of the picture. */
export const REGION_PATTERN = '^(\\d{1,5},){2}[1-9]\\d{0,4},[1-9]\\d{0,4}$';
export const POINT_PATTERN = '^\\d{1,5},\\d{1,5}$';

/** `auto`: dark and low-contrast pictures are brightened for the network only; the output is unaffected. */
export const ENHANCEMENTS = ['auto', 'off'] as const;
export type Enhance = (typeof ENHANCEMENTS)[number];

/**
 * Colors of cutouts, foregrounds, compositions and documents: `keep`: in the picture's own RGB profile, if it has one;
 * `srgb`: converted. Raw answers and previews are always in sRGB.
 */
export const PROFILES = ['keep', 'srgb'] as const;
export type ProfileChoice = (typeof PROFILES)[number];

/** EXIF, IPTC and XMP in the same files: `keep`: without the place (GPS); `all`: with it; `none`. */
export const METADATA = ['keep', 'all', 'none'] as const;
export type MetadataChoice = (typeof METADATA)[number];

/** How colors under soft edges are estimated: `best` takes about twice as long as `fast`. */
export const FOREGROUND_METHODS = ['fast', 'best'] as const;
export type ForegroundMethod = (typeof FOREGROUND_METHODS)[number];
