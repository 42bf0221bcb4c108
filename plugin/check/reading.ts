import type { Cancellation } from '../cancellation.ts';
import { textOf } from '../errors.ts';
import type { Bench, BenchDocument, Read, Table } from '../host/check-bench.ts';
import { type HostProfile, inFront, kindOfDocument, READ_WAYS, type ReadWay } from '../host-profile.ts';
import { make, makeFill } from './make.ts';
import type { Finding, Probe, Seen } from './probe.ts';
import { tell } from './tell.ts';

const WHOLE = { left: 0, top: 0, width: 64, height: 48 };
const PATCH = { left: 20, top: 10, width: 8, height: 8 };
const RED = [1, 0, 0, 1];

/** What the pixel reader knows the words of an empty layer by. */
const EMPTY = /empty image region/i;

/** How Photoshop hands out pixels. */
export function readingProbes(bench: Bench, profile: () => HostProfile): Probe[] {
  const on = (id: Probe['id'], wish: BenchDocument, ask: (table: Table) => Promise<Finding>): Probe => ({
    id,
    run: (cancel: Cancellation) => bench.withDocument(wish, cancel, ask),
  });
  const conversion = (id: Probe['id'], mode: string, depth: 8 | 16 | 32) =>
    on(id, { mode, depth }, (table) => tryConversion(table, kindOfDocument(mode, depth), profile()));
  return [
    { id: 'readOutside', run: (cancel) => readOutside(bench, cancel) },
    conversion('read8', 'RGBColorMode', 8),
    conversion('read16', 'RGBColorMode', 16),
    conversion('read32', 'RGBColorMode', 32),
    conversion('readGray', 'grayscaleMode', 8),
    conversion('readCmyk', 'CMYKColorMode', 8),
    conversion('readLab', 'labColorMode', 8),
    on('readDepths', { depth: 16 }, askDepths),
    on('readBeyond', {}, readBeyond),
    on('readTrimmed', {}, readTrimmed),
    on('readEmpty', {}, readEmpty),
    on('readMasked', {}, readMasked),
    on('readInactive', {}, readInactive),
    on('readWays', {}, async (table) => {
      await table.paint(table.layer, PATCH, RED);
      return tryWays(table, (readWays) => ({ readWays }));
    }),
    on('readSmart', {}, async (table) => {
      await table.paint(table.layer, PATCH, RED);
      await table.play({ _obj: 'newPlacedLayer' });
      return tryWays(table, (smartObjectWays) => ({ smartObjectWays }));
    }),
    on('readGroup', {}, async (table) => {
      await table.paint(table.layer, PATCH, RED);
      await table.play(make('layerSection', { from: { _ref: 'layer', _enum: 'ordinal', _value: 'targetEnum' } }));
      return readMade(table, false);
    }),
    on('readAdjustment', {}, async (table) => {
      await table.paint(table.layer, WHOLE, RED);
      await table.play(make('adjustmentLayer', { using: { _obj: 'adjustmentLayer', type: { _class: 'invert' } } }));
      return readMade(table, false);
    }),
    on('readFill', {}, async (table) => {
      await table.play(makeFill());
      return readMade(table, true);
    }),
    on('readShape', {}, async (table) => {
      const edge = (name: string, value: number) => ({ [name]: { _unit: 'pixelsUnit', _value: value } });
      const shape = {
        _obj: 'rectangle',
        ...edge('top', 10),
        ...edge('left', 20),
        ...edge('bottom', 18),
        ...edge('right', 28),
      };
      await table.play(makeFill({ shape }));
      return readMade(table, true);
    }),
    on('readText', {}, async (table) => {
      const at = { _obj: 'paint', horizontal: percent(10), vertical: percent(80) };
      await table.play(make('textLayer', { using: { _obj: 'textLayer', textKey: 'H', textClickPoint: at } }));
      return readMade(table, true);
    }),
  ];
}

const percent = (value: number) => ({ _unit: 'percentUnit', _value: value });

async function readOutside(bench: Bench, cancel: Cancellation): Promise<Finding> {
  const seen = await tell(async () => {
    await bench.readOutside(cancel);
    return 'answers';
  });
  // Documented to be refused; the panel never does it.
  return { seen, expected: true };
}

/** Eight bits of sRGB, as asked of every document. */
async function tryConversion(table: Table, kind: string, { unconverted }: HostProfile): Promise<Finding> {
  const { layer, paint, read, requests } = table;
  await paint(layer, WHOLE, [1, 1, 1, 1]);
  const seen: Record<string, Seen> = {};
  let isConverted = false;
  for (const [index, request] of requests.entries()) {
    const options = { layerID: layer.id, ...request };
    const answer = await tell(async () => {
      const { components, samples } = await read(options);
      if (index === 0) isConverted = samples.BYTES_PER_ELEMENT === 1 && samples[0]! >= 253;
      return { components, bits: samples.BYTES_PER_ELEMENT * 8, white: samples[0]! };
    });
    seen[Object.values(request).join(', ')] = answer;
  }
  const others = unconverted.filter((other) => other !== kind);
  const profile = { unconverted: isConverted ? others : [...others, kind] };
  return { seen, expected: isConverted, profile };
}

/** What is asked for and what comes, and what is white. */
async function askDepths({ layer, paint, read }: Table): Promise<Finding> {
  await paint(layer, WHOLE, [1, 1, 1, 1]);
  const seen: Record<string, Seen> = {};
  for (const componentSize of [8, 16, -1] as const) {
    seen[componentSize] = await tell(async () => {
      const { samples } = await read({ layerID: layer.id, componentSize: componentSize as 8 });
      return `${samples.BYTES_PER_ELEMENT * 8} bits, white ${samples[0]}`;
    });
  }
  const [eight, sixteen] = ['8 bits, white 255', '16 bits, white 32768'];
  return { seen, expected: seen[8] === eight && seen[16] === sixteen && seen[-1] === sixteen };
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
  const target = [{ _ref: 'layer', _enum: 'ordinal', _value: 'targetEnum' }];
  await play({ _obj: 'set', _target: target, to: { _obj: 'layer', userMaskEnabled: false } });
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
  const seen: Record<string, Seen> = {};
  const working: ReadWay[] = [];
  for (const way of ['in-place', 'layer-copy', 'rasterized-copy'] as const) {
    const layer = document.activeLayers[0]!;
    // A pixel layer needs no rasterizing.
    if (way === 'rasterized-copy' && layer.kind === 'pixel') continue;
    seen[way] = await tell(async () => {
      const picture = await readBy(way, layer);
      if (same(picture, PATCH) && picture.data[0] === 255) working.push(way);
      return placeOf(picture);
    });
  }
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
