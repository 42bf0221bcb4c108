/** Header names of `POST /v1/mattes`. A raw body is straight (not premultiplied) RGB or RGBA in row order, no padding;
 *  16-bit samples are little-endian and use the full range 0..65535. */
export const HEADERS = {
  width: 'x-image-width',
  height: 'x-image-height',
  /** 3 (RGB) or 4 (RGBA) in a request; 1 in an alpha answer. */
  channels: 'x-image-channels',
  /** Bits per sample: 8 or 16. */
  depth: 'x-image-depth',
  matteId: 'x-matte-id',
  /** Id of the model that really ran. */
  model: 'x-model',
  /** Execution provider that really ran it, for example `cpu` or `cuda`. */
  provider: 'x-provider',
  /** `none` where no subject was found, else `found`. */
  subject: 'x-subject',
} as const;

export const RAW_TYPE = 'application/octet-stream';
export const PNG_TYPE = 'image/png';
/** For opaque answers of 8 bits. */
export const JPEG_TYPE = 'image/jpeg';

export const ENCODED_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/tiff',
  'image/avif',
  'image/gif',
] as const;
export type EncodedType = (typeof ENCODED_TYPES)[number];

/**
 * What `POST /v1/mattes` returns. `alpha`: the matte alone. `foreground` and `cutout`: straight RGBA without the
 * background's colour in soft edges; `foreground` goes on beyond them, so that its mask can grow, `cutout` ends there and
 * is empty outside. `composition`: RGB over `background`.
 */
export const OUTPUTS = ['alpha', 'cutout', 'foreground', 'composition'] as const;
export type Output = (typeof OUTPUTS)[number];

/** `output` of a layered document instead of a picture: the picture with the matte as layer mask. */
export const DOCUMENT = 'psd';
export const DOCUMENT_TYPE = 'image/vnd.adobe.photoshop';

/** `fast`: at most two network runs. `best`: a consensus of more, where their models are installed. */
export const REFINEMENTS = ['fast', 'best'] as const;
export type Refine = (typeof REFINEMENTS)[number];

export type Depth = 8 | 16;

/** What `model=auto` is asked for: a person, or whatever stands out. */
export const SUBJECTS = ['portrait', 'object'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** Which of the bodies in a matte stay: all, the one with the most of it, or the one at or nearest to a point. */
export const KEPT = ['all', 'largest', 'point'] as const;
export type Kept = (typeof KEPT)[number];

/** `left,top,width,height` of a region and `x,y` of a point, in pixels of the picture. */
export const REGION_PATTERN = '^(\\d{1,5},){2}[1-9]\\d{0,4},[1-9]\\d{0,4}$';
export const POINT_PATTERN = '^\\d{1,5},\\d{1,5}$';

/** `auto`: dark and flat pictures are lifted before the network sees them; nothing else changes. */
export const ENHANCEMENTS = ['auto', 'off'] as const;
export type Enhance = (typeof ENHANCEMENTS)[number];

/** How colours under soft edges are estimated: `best` takes about twice the time of `fast`. */
export const FOREGROUND_METHODS = ['fast', 'best'] as const;
export type ForegroundMethod = (typeof FOREGROUND_METHODS)[number];
