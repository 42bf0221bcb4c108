import type { Cancellation } from '../cancellation.ts';
import { textOf } from '../errors.ts';
import type { Bench, Read, Table } from '../host/check-bench.ts';
import { type HostProfile, inFront, kindOfDocument, READ_WAYS, type ReadWay } from '../host-profile.ts';
import { ACTIVE, make, makeAdjustment, makeFill, makeGroup, onBench, PATCH, RED, WHOLE } from './on-bench.ts';
import type { Finding, Probe, Seen } from './probe.ts';
import { tell, tellEach } from './tell.ts';

const MODES = { RGB: 'RGBColorMode', Grayscale: 'grayscaleMode', CMYK: 'CMYKColorMode', Lab: 'labColorMode' };

/** What the pixel reader knows the words of an empty layer by. */
const EMPTY = /empty image region/i;

/** How Photoshop hands out pixels. */
export function readingProbes(bench: Bench, profile: () => HostProfile): Probe[] {
  const on = onBench(bench);
  /** Of a layer that a command makes out of, or above, a painted one. */
  const onMade = (kind: string, descriptor: ReturnType<typeof make>, isRead: boolean) =>
    on(`readKind ${kind}`, async (table) => {
      await table.paint(table.layer, PATCH, RED);
      await table.play(descriptor);
      return readMade(table, isRead);
    });
  const conversion = (name: keyof typeof MODES, depth: 8 | 16 | 32) => {
    const mode = MODES[name];
    const ask = (table: Table) => tryConversion(table, kindOfDocument(mode, depth), profile());
    return on(`convert ${name} ${depth}`, ask, { mode, depth });
  };
  return [
    { id: 'readOutside', run: (cancel) => readOutside(bench, cancel) },
    ...([8, 16, 32] as const).map((depth) => conversion('RGB', depth)),
    ...(['Grayscale', 'CMYK', 'Lab'] as const).map((mode) => conversion(mode, 8)),
    on('readPlace beyond', readBeyond),
    on('readPlace trimmed', readTrimmed),
    on('readEmpty', readEmpty),
    on('readMasked', readMasked),
    on('readInactive', readInactive),
    on('readWays', async (table) => {
      await table.paint(table.layer, PATCH, RED);
      return tryWays(table, (readWays) => ({ readWays }));
    }),
    on('readSmart', async (table) => {
      await table.paint(table.layer, PATCH, RED);
      await table.play({ _obj: 'newPlacedLayer' });
      return tryWays(table, (smartObjectWays) => ({ smartObjectWays }));
    }),
    onMade('Group', makeGroup, false),
    onMade('Adjustment', makeAdjustment, false),
    onMade('Fill', makeFill(), true),
    onMade('Shape', makeFill({ shape: { _obj: 'rectangle', ...SHAPE } }), true),
    onMade('Text', make('textLayer', { using: { _obj: 'textLayer', textKey: 'H', textClickPoint: POINT } }), true),
  ];
}

const pixels = (value: number) => ({ _unit: 'pixelsUnit', _value: value });
const percent = (value: number) => ({ _unit: 'percentUnit', _value: value });
const SHAPE = { top: pixels(10), left: pixels(20), bottom: pixels(18), right: pixels(28) };
const POINT = { _obj: 'paint', horizontal: percent(10), vertical: percent(80) };

async function readOutside(bench: Bench, cancel: Cancellation): Promise<Finding> {
  const seen = await tell(async () => {
    await bench.readOutside(cancel);
    return 'answers';
  });
  // Documented to be refused; the panel never does it.
  return { seen, expected: true };
}

/** Eight bits of sRGB, as asked of every document; other depths and what is white in them are noted. */
async function tryConversion(table: Table, kind: string, { unconverted }: HostProfile): Promise<Finding> {
  const { layer, paint, read, requests } = table;
  await paint(layer, WHOLE, [1, 1, 1, 1]);
  const seen: Record<string, Seen> = {};
  let isConverted = false;
  for (const request of [...requests, { componentSize: 16 }, { componentSize: -1 as 8 }] as const) {
    seen[Object.values(request).join(', ')] = await tell(async () => {
      const { components, samples } = await read({ layerID: layer.id, ...request });
      if (request === requests[0]) isConverted = samples.BYTES_PER_ELEMENT === 1 && samples[0]! >= 253;
      return { components, bits: samples.BYTES_PER_ELEMENT * 8, white: samples[0]! };
    });
  }
  const others = unconverted.filter((other) => other !== kind);
  const profile = { unconverted: isConverted ? others : [...others, kind] };
  return { seen, expected: isConverted, profile };
}

async function readBeyond({ layer, paint, read }: Table): Promise<Finding> {
  await paint(layer, { left: -10, top: -10, width: 84, height: 68 }, RED);
  const found = await read({ layerID: layer.id });
  return { seen: placeOf(found), expected: same(found, { left: -10, top: -10, width: 84, height: 68 }) };
}

async function readTrimmed({ layer, paint, read }: Table): Promise<Finding> {
  await paint(layer, PATCH, RED);
  const sourceBounds = { left: 0, top: 0, right: 64, bottom: 48 };
  const found = await read({ layerID: layer.id, sourceBounds });
  return { seen: placeOf(found), expected: same(found, PATCH) };
}

async function readEmpty({ layer, read }: Table): Promise<Finding> {
  const words = await read({ layerID: layer.id }).then(() => '', textOf);
  return { seen: words, expected: EMPTY.test(words), profile: { emptyWords: EMPTY.test(words) ? '' : words } };
}

/** Of a layer whose mask hides the left half, with the mask on and off. */
async function readMasked({ layer, paint, read, play, imaging, document }: Table): Promise<Finding> {
  await paint(layer, WHOLE, RED);
  const samples = new Uint8Array(64 * 48).map((_, index) => (index % 64 < 32 ? 0 : 255));
  const imageData = await imaging.createImageDataFromBuffer(samples, {
    ...{ width: 64, height: 48, components: 1, chunky: true, colorSpace: 'Grayscale' },
  });
  await imaging.putLayerMask({ documentID: document.id, layerID: layer.id, imageData, replace: true }).finally(() => {
    imageData.dispose();
  });
  const isApplied = async () => {
    const { left, width, components, samples } = await read({ layerID: layer.id, componentSize: 8 });
    return left >= 32 || width < 64 || (components === 4 && samples[3] === 0);
  };
  const enabled = await isApplied();
  await play({ _obj: 'set', _target: [ACTIVE], to: { _obj: 'layer', userMaskEnabled: false } });
  const disabled = await isApplied();
  const maskInPixels = disabled ? (enabled ? 'always' : 'unknown') : enabled ? 'enabled' : 'never';
  return { seen: { enabled, disabled }, expected: maskInPixels === 'enabled', profile: { maskInPixels } };
}

async function readInactive({ layer, paint, read, withSecond }: Table): Promise<Finding> {
  await paint(layer, PATCH, RED);
  return withSecond(async () => {
    const found = await read({ layerID: layer.id });
    return { seen: placeOf(found), expected: same(found, PATCH) };
  });
}

/** Which ways to the pixels of the active layer work; those go first from now on. */
async function tryWays(
  { document, readBy }: Table,
  note: (ways: readonly ReadWay[]) => Partial<HostProfile>,
): Promise<Finding> {
  const working: ReadWay[] = [];
  // A pixel layer needs no rasterizing.
  const isPlain = document.activeLayers[0]!.kind === 'pixel';
  const ways = READ_WAYS.filter((way) => way !== 'merged-copy' && !(isPlain && way === 'rasterized-copy'));
  const seen = await tellEach(ways, async (way) => {
    const picture = await readBy(way, document.activeLayers[0]!);
    if (same(picture, PATCH) && picture.data[0] === 255) working.push(way);
    return placeOf(picture);
  });
  return { seen, expected: working.includes('in-place'), profile: note(inFront(READ_WAYS, working)) };
}

/** The layer that was made is the active one. */
async function readMade({ document, read }: Table, expected: boolean): Promise<Finding> {
  const layer = document.activeLayers[0]!;
  const seen = await tell(async () => placeOf(await read({ layerID: layer.id })));
  return { seen: { kind: String(layer.kind), read: seen }, expected: (typeof seen !== 'string') === expected };
}

type Place = Pick<Read, 'left' | 'top' | 'width' | 'height'>;

function placeOf({ left, top, width, height }: Place): Seen {
  return { left, top, width, height };
}

function same(a: Place, b: Place): boolean {
  return a.left === b.left && a.top === b.top && a.width === b.width && a.height === b.height;
}
