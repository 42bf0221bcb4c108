import type { Document } from 'photoshop/dom/Document.js';
import type { imaging as Imaging } from 'photoshop/dom/ImagingModule.js';
import { PluginError, textOf } from '../errors.ts';
import { kindOfDocument } from '../host-profile.ts';
import { type Bounds, heightOf, type Picture, type Pixels, widthOf } from '../picture.ts';
import { type Samples, toEightBitRgb } from './convert-pixels.ts';
import type { Source } from './host.ts';
import { depthOf, findDocument } from './layers.ts';
import type { ModalScope } from './modal-scope.ts';
import { plainProfile } from './profile-name.ts';
import { imaging } from './uxp.ts';

/**
 * Eight bits of sRGB, whatever the document: the network sees no more, a 16-bit copy of a large photograph would double
 * the memory, and Photoshop's own conversion of CMYK, Lab, wide-gamut and 32-bit linear colors is the right one. Each
 * later entry asks for less, for versions that refuse; `toEightBitRgb` does the rest.
 */
export const REQUESTS: readonly Partial<Imaging.GetPixelsOptions>[] = [
  { colorSpace: 'RGB', colorProfile: 'sRGB IEC61966-2.1', componentSize: 8 },
  { colorSpace: 'RGB', componentSize: 8 },
  { colorSpace: 'RGB' },
];

/** For pixels that go back into an RGB document: its own colors and depth. */
function deepRequests(document: Document): readonly Partial<Imaging.GetPixelsOptions>[] {
  return [{ colorSpace: 'RGB', componentSize: depthOf(document) === 8 ? 8 : 16 }, ...REQUESTS];
}

/** Where the larger wishes are known to be refused, the smallest goes first. */
function plainRequests({ profile }: ModalScope, document: Document): readonly Partial<Imaging.GetPixelsOptions>[] {
  const kind = kindOfDocument(document.mode, depthOf(document));
  return profile.unconverted.includes(kind) ? [...REQUESTS].reverse() : REQUESTS;
}

/** Longest side of a thumbnail. Photoshop serves these from its cache, so they cost next to nothing. */
const THUMBNAIL = 64;

/** Photoshop's words for a layer without a single pixel in the region. */
const EMPTY = /empty image region/i;

/** Reads the layer at full size. `region` must lie on the canvas; the answer may be smaller, trimmed to real pixels. */
export async function readPixels(
  scope: ModalScope,
  source: Source,
  layer: string,
  region: Bounds,
  deep: boolean,
): Promise<Picture> {
  const document = findDocument(source.documentId);
  const requests = deep ? deepRequests(document) : plainRequests(scope, document);
  const { imageData, sourceBounds, level } = await getPixels(scope, source, layer, region, requests);
  try {
    scope.check();
    if (level > 0) throw new PluginError('READ_FAILED', { layer }, `Photoshop answered at pyramid level ${level}`);
    const { width, height, components } = imageData;
    // Gray and Lab documents come without alpha even where they are transparent; the trim is all we know then.
    const samples = await imageData.getData({ chunky: true, fullRange: true });
    scope.check();
    if (components < 1 || components > 4 || samples.length !== width * height * components) {
      throw new PluginError('READ_FAILED', { layer }, `${samples.length} samples for ${width}x${height}x${components}`);
    }
    // Where the pixels lie is what Photoshop returned, not what was asked for.
    const { left, top } = sourceBounds;
    const profile = plainProfile(imageData.colorProfile);
    return { left, top, width, height, profile, ...(deep ? toRgb : toEightBitRgb)(samples, components) };
  } finally {
    imageData.dispose();
  }
}

type Colors = Pick<Pixels, 'channels' | 'depth' | 'data'>;

function toRgb(samples: Samples, components: number): Colors {
  if (samples.BYTES_PER_ELEMENT !== 2 || components < 3) return toEightBitRgb(samples, components);
  return { channels: components === 4 ? 4 : 3, depth: 16, data: samples as Uint16Array };
}

export async function readThumbnail(scope: ModalScope, source: Source, region: Bounds): Promise<Picture | null> {
  const side = widthOf(region) >= heightOf(region) ? 'width' : 'height';
  const targetSize = { [side]: Math.min(THUMBNAIL, Math.max(widthOf(region), heightOf(region))) };
  try {
    const read = await imaging.getPixels({ ...idsOf(source), sourceBounds: region, targetSize, ...REQUESTS[0] });
    const { imageData, sourceBounds } = read;
    try {
      const { width, height, components } = imageData;
      const samples = await imageData.getData({ chunky: true, fullRange: true });
      const { left, top } = sourceBounds;
      return { left, top, width, height, profile: null, ...toEightBitRgb(samples, components) };
    } finally {
      imageData.dispose();
    }
  } catch {
    // It is only a second opinion; but a cancel must not be lost with the failure.
    scope.check();
    return null;
  }
}

async function getPixels(
  scope: ModalScope,
  source: Source,
  layer: string,
  region: Bounds,
  requests: readonly Partial<Imaging.GetPixelsOptions>[],
): Promise<Imaging.GetPixelsResult> {
  let refusal = '';
  for (const request of requests) {
    try {
      return await imaging.getPixels({ ...idsOf(source), sourceBounds: region, ...request });
    } catch (thrown) {
      scope.check();
      refusal = textOf(thrown);
      if (EMPTY.test(refusal) || refusal === scope.profile.emptyWords) throw new PluginError('EMPTY_LAYER', { layer });
    }
  }
  throw new PluginError('READ_FAILED', { layer }, refusal);
}

/** Without a layer Photoshop answers with what is visible. */
function idsOf({ documentId: documentID, layerId: layerID }: Source) {
  return layerID === null ? { documentID } : { documentID, layerID };
}
