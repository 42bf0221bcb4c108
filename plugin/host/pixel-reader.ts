import type { imaging as Imaging } from 'photoshop/dom/ImagingModule.js';
import { PluginError, textOf } from '../errors.ts';
import { type Bounds, heightOf, type Picture, widthOf } from '../picture.ts';
import { toEightBitRgb } from './convert-pixels.ts';
import type { Target } from './host.ts';
import type { ModalScope } from './modal-scope.ts';
import { imaging } from './uxp.ts';

/**
 * Eight bits of sRGB, whatever the document: the network sees no more, a 16-bit copy of a large photograph would double
 * the memory, and Photoshop's own conversion of CMYK, Lab, wide-gamut and 32-bit linear colours is the right one. Each
 * later entry asks for less, for versions that refuse; `toEightBitRgb` does the rest.
 */
const REQUESTS: readonly Partial<Imaging.GetPixelsOptions>[] = [
  { colorSpace: 'RGB', colorProfile: 'sRGB IEC61966-2.1', componentSize: 8 },
  { colorSpace: 'RGB', componentSize: 8 },
  { colorSpace: 'RGB' },
];

/** Longest side of a thumbnail. Photoshop serves these from its cache, so they cost next to nothing. */
const THUMBNAIL = 64;

/** Photoshop's words for a layer without a single pixel in the region. */
const EMPTY = /empty image region/i;

/** Reads the layer at full size. `region` must lie on the canvas; the answer may be smaller, trimmed to real pixels. */
export async function readPixels(scope: ModalScope, target: Target, layer: string, region: Bounds): Promise<Picture> {
  const { imageData, sourceBounds, level } = await getPixels(scope, target, layer, region);
  try {
    scope.check();
    if (level > 0) throw new PluginError('READ_FAILED', { layer }, `Photoshop answered at pyramid level ${level}`);
    const { width, height, components } = imageData;
    // Grey and Lab documents come without alpha even where they are transparent; the trim is all we know then.
    const samples = await imageData.getData({ chunky: true, fullRange: true });
    scope.check();
    if (components < 1 || components > 4 || samples.length !== width * height * components) {
      throw new PluginError('READ_FAILED', { layer }, `${samples.length} samples for ${width}x${height}x${components}`);
    }
    // Where the pixels lie is what Photoshop returned, not what was asked for.
    return { left: sourceBounds.left, top: sourceBounds.top, width, height, ...toEightBitRgb(samples, components) };
  } finally {
    imageData.dispose();
  }
}

export async function readThumbnail(scope: ModalScope, target: Target, region: Bounds): Promise<Picture | null> {
  const { documentId: documentID, layerId: layerID } = target;
  const side = widthOf(region) >= heightOf(region) ? 'width' : 'height';
  const targetSize = { [side]: Math.min(THUMBNAIL, Math.max(widthOf(region), heightOf(region))) };
  try {
    const read = await imaging.getPixels({ documentID, layerID, sourceBounds: region, targetSize, ...REQUESTS[0] });
    const { imageData, sourceBounds } = read;
    try {
      const { width, height, components } = imageData;
      const samples = await imageData.getData({ chunky: true, fullRange: true });
      return { left: sourceBounds.left, top: sourceBounds.top, width, height, ...toEightBitRgb(samples, components) };
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
  target: Target,
  layer: string,
  region: Bounds,
): Promise<Imaging.GetPixelsResult> {
  let refusal = '';
  for (const request of REQUESTS) {
    try {
      const { documentId: documentID, layerId: layerID } = target;
      return await imaging.getPixels({ documentID, layerID, sourceBounds: region, ...request });
    } catch (thrown) {
      scope.check();
      refusal = textOf(thrown);
      if (EMPTY.test(refusal)) throw new PluginError('EMPTY_LAYER', { layer });
    }
  }
  throw new PluginError('READ_FAILED', { layer }, refusal);
}
