import { makePsd, RLE, ZIP, ZIP_PREDICTED } from './make-psd.ts';

/** Small documents for the fuzz run: flat and layered, each depth and compression, PSD and PSB. */
export function fuzzDocuments(): Buffer[] {
  const size = { width: 24, height: 16 };
  const count = size.width * size.height;
  const plane = (full: number) =>
    Array.from({ length: count }, (_, i) => (full === 1 ? (i % 7) / 7 : (i * 37) % (full + 1)));
  const noImage = [[1057, Buffer.of(0, 0, 0, 1, 0)]] as const;
  const layers = (full: number, compression: number) => [
    { name: 'end', bounds: [0, 0, 0, 0] as const, channels: {}, section: 3 },
    {
      ...{ name: 'Model', bounds: [0, 0, 16, 24] as const, compression },
      channels: { [-1]: plane(full), 0: plane(full), 1: plane(full), 2: plane(full), [-2]: plane(full) },
      mask: { bounds: [0, 0, 16, 24] as const, outside: 255 },
    },
    { name: 'Group', bounds: [0, 0, 0, 0] as const, channels: {}, section: 1 },
  ];
  const merged = (full: number) => [plane(full), plane(full), plane(full)];
  return [
    makePsd({ ...size, depth: 8, mode: 3, merged: merged(255), compression: RLE }),
    makePsd({ ...size, depth: 16, mode: 9, merged: merged(65535), isLarge: true }),
    makePsd({ ...size, depth: 8, mode: 3, merged: merged(255), layers: layers(255, RLE), resources: noImage }),
    makePsd({
      ...size,
      depth: 16,
      mode: 3,
      merged: merged(65535),
      layers: layers(65535, ZIP_PREDICTED),
      resources: noImage,
    }),
    makePsd({
      ...size,
      depth: 32,
      mode: 3,
      isLarge: true,
      merged: merged(1),
      layers: layers(1, ZIP),
      resources: noImage,
    }),
  ];
}
