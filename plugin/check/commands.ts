import type { Bench, Table } from '../host/check-bench.ts';
import { ACTIVE, make, makeGroup, onBench, RED, WHOLE } from './on-bench.ts';
import type { Finding, Probe, Seen } from './probe.ts';
import { tell, tellEach } from './tell.ts';

/** Profiles that come with Photoshop; another may be called after its owner. */
const KNOWN = /^(sRGB|Adobe RGB|ProPhoto|Display P3|Gray Gamma|Dot Gain|U\.S\.|Coated|Japan|Web Coated)/;

/** How Photoshop runs commands and keeps its history, and whether it saves copies. */
export function commandProbes(bench: Bench): Probe[] {
  const on = onBench(bench);
  return [
    on('failingCommands', failCommands),
    on('workingSpaces', findSpaces),
    on('backgroundId', unlockBackground),
    on('historyCommit', commit),
    on('historyRollback', rollBack),
    on('groupCopies', copyGroup),
    on('clipping', moveBetween),
    on('copies', async ({ saveCopy, layer, paint }) => {
      await paint(layer, WHOLE, RED);
      const seen = await tellEach(['psd', 'tiff', 'png'] as const, async (format) =>
        (await saveCopy(format)) > 0 ? 'saved' : 'empty',
      );
      return { seen, expected: Object.values(seen).every((word) => word === 'saved') };
    }),
  ];
}

/** With `silent` a command that fails answers with an error descriptor, and no box waits for the user. */
async function failCommands({ tryPlay }: Table): Promise<Finding> {
  const property = { _property: 'hairlineNothing' };
  const commands = { make: { new: { _class: 'hairlineNothing' } }, get: { _target: [property, ACTIVE] } };
  const seen = await tellEach(['make', 'get'], async (_obj) =>
    String((await tryPlay({ _obj, ...commands[_obj] }))._obj),
  );
  return { seen, expected: seen.make === 'error' && seen.get === 'error' };
}

async function findSpaces({ play }: Table): Promise<Finding> {
  const application = { _ref: 'application', _enum: 'ordinal', _value: 'targetEnum' };
  const get = { _obj: 'get', _target: [{ _property: 'colorSettings' }, application] };
  const { colorSettings } = await play(get).catch(() => ({ colorSettings: null }));
  const spaces = (colorSettings ?? {}) as Record<string, unknown>;
  const told = ['workingRGB', 'workingCMYK', 'workingGray'].map((name): [string, Seen] => {
    const space = String(spaces[name] ?? 'not told');
    return [name, KNOWN.test(space) || space === 'not told' ? space : 'another'];
  });
  const seen = Object.fromEntries(told);
  return { seen, expected: seen.workingRGB !== 'not told' };
}

async function unlockBackground({ document, layer, paint, play, convertBackground }: Table): Promise<Finding> {
  await paint(layer, WHOLE, RED);
  await play(make('backgroundLayer', { using: ACTIVE }));
  const { id } = document.layers[document.layers.length - 1]!;
  await play(convertBackground());
  const lowest = document.layers[document.layers.length - 1]!;
  return { seen: { kept: lowest.id === id }, expected: lowest.id === id && !lowest.isBackgroundLayer };
}

/** Two changes under one name. */
async function commit({ document, layer, scope }: Table): Promise<Finding> {
  const { hostControl } = scope.context;
  const before = document.historyStates.length;
  const suspension = await hostControl.suspendHistory({ documentID: document.id, name: 'Hairline check' });
  layer.opacity = 50;
  layer.opacity = 60;
  await hostControl.resumeHistory(suspension, true);
  const names = Array.from(document.historyStates, ({ name }) => name).slice(before);
  return { seen: names, expected: names.length === 1 && names[0] === 'Hairline check' };
}

/** Reading that must be taken back is done in a copy where nothing can be taken back. */
async function rollBack({ document, layer, scope }: Table): Promise<Finding> {
  const { hostControl } = scope.context;
  const states = document.historyStates.length;
  const before = layer.opacity;
  const seen = await tell(async () => {
    const suspension = await hostControl.suspendHistory({ documentID: document.id, name: 'Hairline check' });
    layer.opacity = 50;
    await hostControl.resumeHistory(suspension, false);
    return { opacity: layer.opacity, states: document.historyStates.length - states };
  });
  const works = layer.opacity === before && document.historyStates.length === states;
  return { seen, expected: works, profile: { rollsBack: works } };
}

async function copyGroup({ document, layer, paint, play, readBy }: Table): Promise<Finding> {
  await paint(layer, WHOLE, RED);
  await play(makeGroup);
  const group = document.activeLayers[0]!;
  const seen = await tell(async () => {
    const { width, height } = await readBy('in-place', group);
    return { kind: String(group.kind), width, height, layers: document.layers.length };
  });
  return { seen, expected: typeof seen === 'object' && document.layers.length === 1 };
}

/** Where a new layer comes, and a layer that is put between a layer and one that is clipped to it. */
async function moveBetween({ document, layer, constants }: Table): Promise<Finding> {
  const rider = (await document.createPixelLayer({ name: 'rider' }))!;
  const isAbove = document.layers[0]?.id === rider.id;
  rider.isClippingMask = true;
  const moved = (await document.createPixelLayer({ name: 'moved' }))!;
  moved.move(layer, constants.ElementPlacement.PLACEBEFORE);
  const seen = { isAbove, moved: moved.isClippingMask, rider: rider.isClippingMask };
  return { seen, expected: isAbove && seen.moved && seen.rider };
}
