import sharp from 'sharp';

/** Versions of the image library and of what does its work. */
export const imagingVersions = { sharp: sharp.versions.sharp ?? 'unknown', libvips: sharp.versions.vips };
