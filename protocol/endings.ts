import type { EncodedType } from './matte.ts';

const CAMERA_RAW = 'dng cr2 cr3 nef nrw arw sr2 raf rw2 orf pef srw 3fr iiq'.split(' ');

/** Content type by ending of a name: in lower case, without the dot. Files are taken by their content; this finds them. */
export const TYPE_BY_ENDING: Readonly<Record<string, EncodedType>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  jpe: 'image/jpeg',
  jfif: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  avif: 'image/avif',
  heic: 'image/heic',
  heif: 'image/heif',
  hif: 'image/heif',
  gif: 'image/gif',
  psd: 'image/vnd.adobe.photoshop',
  psb: 'image/vnd.adobe.photoshop',
  bmp: 'image/bmp',
  dib: 'image/bmp',
  ...Object.fromEntries(CAMERA_RAW.map((ending) => [ending, 'image/x-dcraw' as const])),
};
