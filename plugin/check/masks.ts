import type { Bench, Table } from '../host/check-bench.ts';
import { type HostProfile, inFront, MASK_WAYS, type MaskWay } from '../host-profile.ts';
import type { Alpha } from '../picture.ts';
import { makeAdjustment, makeFill, makeGroup, onBench, RED, WHOLE } from './on-bench.ts';
import type { Finding, Probe, Seen } from './probe.ts';
import { tell, tellEach } from './tell.ts';

/** Wider than the blocks of zeros that have been seen to turn white. */
const LARGE = { width: 192, height: 128 };

/** Those that come with Photoshop. The working space of the user cannot be changed: `workingSpaces` names it. */
const GRAYS = ['Gray Gamma 2.2', 'Gray Gamma 1.8', 'Dot Gain 20%', 'sGray'];

const LAB = 'labColorMode';

/** How Photoshop takes masks and selections, and gives them back. */
export function maskProbes(bench: Bench, profile: () => HostProfile): Probe[] {
  const on = onBench(bench);
  return [
    ...([8, 16, 32] as const).map((depth) =>
      on(`maskExact ${depth}`, (table) => tryWays(table, depth, profile()), { ...LARGE, depth }),
    ),
    ...GRAYS.flatMap((name) => [
      on(`maskProfile ${name}`, (table) => tryProfile(table, name)),
      on(`maskProfile ${name}, Grayscale`, (table) => tryProfile(table, name), { mode: 'grayscaleMode' }),
    ]),
    on('maskKinds', (table) => tryKinds(table, profile())),
    on('maskKinds Lab', (table) => tryLab(table, profile()), { mode: LAB }),
    on('maskOutside', findOutside),
    on('maskNone', async ({ readMask, layer }) => {
      const seen = await tell(async () => describe((await readMask(layer)).samples));
      return { seen, expected: typeof seen === 'string' && !/^\d/.test(seen) };
    }),
    on('maskFlat', readFlat),
    on('maskLook', findLook),
    on('selection16', trySelection, { depth: 16 }),
  ];
}

/** All values in the first 64 columns, zeros beside them. */
function ramp({ width, height }: { width: number; height: number } = WHOLE, depth: 8 | 16 = 8): Alpha {
  const full = depth === 8 ? 255 : 65535;
  const data = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  for (let at = 0; at < data.length; at++) {
    const x = at % width;
    const step = (Math.floor(at / width) * 64 + x) % 256;
    if (x < 64) data[at] = Math.round((step / 255) * full);
  }
  return { width, height, depth, data };
}

function flat(width: number, value: number): Alpha {
  return { width, height: 48, depth: 8, data: new Uint8Array(width * 48).fill(value) };
}

async function tryWays({ layer, writeMask }: Table, depth: 8 | 16 | 32, known: HostProfile): Promise<Finding> {
  const mask = ramp(LARGE, depth === 8 ? 8 : 16);
  const working: MaskWay[] = [];
  const ways = MASK_WAYS.filter((way) => way !== 'put-8' || depth !== 8);
  const seen = await tellEach(ways, async (way) => {
    const fault = await writeMask(layer, mask, way);
    if (fault === null) working.push(way);
    return fault ?? 'exact';
  });
  const maskWays = { ...known.maskWays, [depth]: inFront(MASK_WAYS, working) };
  return { seen, expected: working.includes('put'), profile: { maskWays } };
}

/** All values with a gray profile, and the largest error of those that come back. */
async function tryProfile({ layer, putMask, readMask }: Table, name: string): Promise<Finding> {
  const mask = ramp();
  const seen = await tell(async () => {
    await putMask(layer.id, mask, name);
    const { samples } = await readMask(layer);
    return Math.max(...mask.data.map((value, index) => Math.abs(value - samples[index]!)));
  });
  // The panel uses the first; the others say what goes on where that one fails.
  return { seen, expected: name !== GRAYS[0] || (typeof seen === 'number' && seen <= 1) };
}

/** Layers that take no mask from putLayerMask get theirs through the selection. */
async function tryKinds(table: Table, known: HostProfile): Promise<Finding> {
  const { document, layer, paint, play } = table;
  await paint(layer, WHOLE, RED);
  const seen: Record<string, Seen> = {};
  for (const descriptor of [makeFill(), makeAdjustment, makeGroup]) {
    await play(descriptor);
    const made = document.activeLayers[0]!;
    seen[made.kind] = await tryPut(table, made.id);
  }
  return noteRefusals(seen, known);
}

async function tryLab(table: Table, known: HostProfile): Promise<Finding> {
  return noteRefusals({ [LAB]: await tryPut(table, table.layer.id) }, known);
}

async function tryPut({ putMask }: Table, layerId: number): Promise<Seen> {
  return tell(async () => {
    await putMask(layerId, ramp());
    return 'taken';
  });
}

function noteRefusals(seen: Record<string, Seen>, { selectionFirst }: HostProfile): Finding {
  const refused = Object.keys(seen).filter((kind) => seen[kind] !== 'taken');
  const others = selectionFirst.filter((kind) => !(kind in seen));
  return { seen, expected: refused.length === 0, profile: { selectionFirst: [...others, ...refused] } };
}

/** What a mask of the left half does to the right one. */
async function findOutside({ layer, paint, putMask, read }: Table): Promise<Finding> {
  await paint(layer, WHOLE, RED);
  await putMask(layer.id, flat(32, 200));
  const seen = await tell(async () => {
    const { left, width, components, samples } = await read({ layerID: layer.id });
    const isShown = left + width === 64 && (components !== 4 || samples[(63 - left) * 4 + 3]! > 0);
    return isShown ? 'shown' : 'hidden';
  });
  return { seen, expected: seen === 'hidden' };
}

/** Whether masks of one value are given back whole. */
async function readFlat({ layer, putMask, readMask }: Table): Promise<Finding> {
  const seen = await tellEach([0, 255], async (value) => {
    await putMask(layer.id, flat(64, value));
    return describe((await readMask(layer)).samples);
  });
  const whole = Object.values(seen).every((text) => /^3072 /.test(String(text)));
  return { seen, expected: whole, profile: { masksTrimmed: !whole } };
}

const describe = (samples: ArrayLike<number>) => `${samples.length} values, the first ${samples[0]}`;

/** Density and feather of a mask that is replaced. */
async function findLook({ layer, putMask }: Table): Promise<Finding> {
  const mask = ramp();
  await putMask(layer.id, mask);
  layer.layerMaskDensity = 50;
  layer.layerMaskFeather = 3;
  await putMask(layer.id, mask);
  const seen = { density: layer.layerMaskDensity, feather: layer.layerMaskFeather };
  return { seen, expected: seen.density === 100 && seen.feather === 0 };
}

async function trySelection({ trySelection }: Table): Promise<Finding> {
  const seen = await tell(async () => (await trySelection(ramp(WHOLE, 16))) ?? 'exact');
  return { seen, expected: seen === 'exact', profile: { deepSelections: seen === 'exact' } };
}
