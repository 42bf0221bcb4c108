import { decodeLayerPixels, getCompositeImageData, type Psd, type Layer as PsdLayer, readPsd } from 'ag-psd';
import { labToRgb } from './color.ts';
import type { Mode } from './document.ts';

export type Picture = NonNullable<Psd['imageData']>;
type RawLayer = NonNullable<PsdLayer['rawData']>;

const [RGB, CMYK] = [3, 4];
const modes: Partial<Record<number, Mode>> = {
  ...{ 0: 'Bitmap', 1: 'Grayscale', 2: 'Indexed', [RGB]: 'RGB', [CMYK]: 'CMYK', 9: 'Lab' },
};

/** Where the header says the mode. */
const MODE_AT = 24;

/**
 * Reads a file of any mode that Photoshop layers can have; every picture in it is RGBA. ag-psd refuses CMYK and Lab files as a
 * whole, though it knows their layers: so it is told RGB, and the channels are decoded here as what they are.
 */
export function readInRgb(bytes: Uint8Array): { psd: Psd; mode: Mode } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = view.getUint16(MODE_AT);
  const mode = modes[number];
  if (!mode) throw new Error(`openPsd reads no files of color mode ${number}`);
  const disguised = mode === 'CMYK' || mode === 'Lab';
  const copy = disguised ? new Uint8Array(bytes) : bytes;
  if (disguised) new DataView(copy.buffer).setUint16(MODE_AT, RGB);
  const psd = readPsd(copy, { useImageData: true, useRawData: true, skipThumbnail: true });
  for (const layer of flatten(psd.children ?? [])) {
    if (layer.rawData && mode === 'CMYK') layer.rawData.colorMode = CMYK;
    decodeLayerPixels(layer, true);
    if (layer.imageData && mode === 'Lab') layer.imageData = fromLab(layer.imageData);
  }
  // Only a file without layers is shown by its composite.
  if (!psd.children || psd.children.length === 0) psd.imageData = compositeOf(psd, mode);
  return { psd, mode };
}

function* flatten(layers: readonly PsdLayer[]): Generator<PsdLayer> {
  for (const layer of layers) {
    yield layer;
    yield* flatten(layer.children ?? []);
  }
}

function compositeOf(psd: Psd, mode: Mode): Picture {
  if (mode !== 'CMYK') {
    const picture = getCompositeImageData(psd) as Picture;
    return mode === 'Lab' ? fromLab(picture) : picture;
  }
  const { width, height } = psd;
  const channels = splitComposite(psd);
  const layer: PsdLayer = { left: 0, top: 0, right: width, bottom: height };
  layer.rawData = { colorMode: CMYK, bitsPerChannel: 8, channels, large: false };
  decodeLayerPixels(layer, true);
  return layer.imageData!;
}

/** The composite has the lengths of all channels' rows first; a channel of a layer has its own before its rows. */
function splitComposite({ width, height, channels = 4, rawCompositeData: data }: Psd): RawLayer['channels'] {
  const view = new DataView(data!.buffer, data!.byteOffset, data!.byteLength);
  const compression = view.getUint16(0);
  const isPacked = compression === 1;
  const lengthsOf = (id: number) => data!.subarray(2 + id * height * 2, 2 + (id + 1) * height * 2);
  let at = isPacked ? 2 + channels * height * 2 : 2;
  return [0, 1, 2, 3].map((id) => {
    let size = isPacked ? 0 : width * height;
    for (let row = 0; isPacked && row < height; row++) size += view.getUint16(2 + (id * height + row) * 2);
    const rows = data!.subarray(at, at + size);
    at += size;
    return { id, compression, data: isPacked ? Buffer.concat([lengthsOf(id), rows]) : rows };
  });
}

function fromLab({ width, height, data }: Picture): Picture {
  const out = new Uint8ClampedArray(data.length);
  const lab = new Uint8Array(width * height * 3);
  for (let i = 0; i < lab.length; i++) lab[i] = data[Math.trunc(i / 3) * 4 + (i % 3)]!;
  const rgb = labToRgb(lab);
  for (let i = 0; i < lab.length; i++) out[Math.trunc(i / 3) * 4 + (i % 3)] = rgb[i]!;
  for (let i = 3; i < data.length; i += 4) out[i] = data[i]!;
  return { width, height, data: out };
}
