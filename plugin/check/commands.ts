import type { Bench, BenchDocument, Table } from '../host/check-bench.ts';
import { make } from './make.ts';
import type { Finding, Probe, Seen } from './probe.ts';
import { tell } from './tell.ts';

const WHOLE = { left: 0, top: 0, width: 64, height: 48 };
const RED = [1, 0, 0, 1];
const ACTIVE = { _ref: 'layer', _enum: 'ordinal', _value: 'targetEnum' };

/** Profiles that come with Photoshop; another may be called after its owner. */
const KNOWN =
  /^(sRGB|Adobe RGB|Apple RGB|ColorMatch|ProPhoto|Display P3|Gray Gamma|Dot Gain|U\.S\. |Coated|Uncoated|Japan|Web Coated)/;

/** How Photoshop runs commands and keeps its history, and whether it saves copies. */
export function commandProbes(bench: Bench): Probe[] {
  const on = (id: Probe['id'], ask: (table: Table) => Promise<Finding>, wish: BenchDocument = {}): Probe => ({
    id,
    run: (cancel) => bench.withDocument(wish, cancel, ask),
  });
  return [
    on('failingCommands', failCommands),
    on('workingSpaces', findSpaces),
    on('backgroundId', unlockBackground),
    on('historyCommit', commit),
    on('historyRollback', rollBack),
    on('groupCopies', copyGroup),
    on('newLayers', addLayer),
    on('clipping', moveBetween),
    on('copies', async ({ saveCopy, layer, paint }) => {
      await paint(layer, WHOLE, RED);
      const seen: Record<string, Seen> = {};
      for (const format of ['psd', 'tiff', 'png'] as const) {
        seen[format] = await tell(async () => ((await saveCopy(format)) > 0 ? 'saved' : 'empty'));
      }
      return { seen, expected: Object.values(seen).every((word) => word === 'saved') };
    }),
  ];
}

/** With `silent` a command that fails answers with an error descriptor, and no box waits for the user. */
async function failCommands({ tryPlay }: Table): Promise<Finding> {
  const property = { _property: 'hairlineNothing' };
  const seen = {
    make: await tell(async () => String((await tryPlay({ _obj: 'make', new: { _class: 'hairlineNothing' } }))._obj)),
    get: await tell(async () => String((await tryPlay({ _obj: 'get', _target: [property, ACTIVE] }))._obj)),
  };
  return { seen, expected: seen.make === 'error' && seen.get === 'error' };
}

async function findSpaces({ play }: Table): Promise<Finding> {
  const application = { _ref: 'application', _enum: 'ordinal', _value: 'targetEnum' };
  const settings = await play({ _obj: 'get', _target: [{ _property: 'colorSettings' }, application] });
  const spaces = (settings.colorSettings ?? {}) as Record<string, unknown>;
  const told = ['workingRGB', 'workingCMYK', 'workingGray', 'workingSpot'].map((name): [string, Seen] => {
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
  await play(make('layerSection', { from: ACTIVE }));
  const group = document.activeLayers[0]!;
  const seen = await tell(async () => {
    const { width, height } = await readBy('in-place', group);
    return { kind: String(group.kind), width, height, layers: document.layers.length };
  });
  return { seen, expected: typeof seen === 'object' && document.layers.length === 1 };
}

async function addLayer({ document, layer }: Table): Promise<Finding> {
  const added = await document.createPixelLayer({ name: 'Hairline check' });
  const at = Array.from(document.layers, ({ id }) => id);
  const seen = {
    above: at.indexOf(added!.id) < at.indexOf(layer.id),
    active: document.activeLayers[0]?.id === added!.id,
  };
  return { seen, expected: seen.above && seen.active };
}

/** A layer that is put between a layer and one that is clipped to it. */
async function moveBetween({ document, layer, constants }: Table): Promise<Finding> {
  const rider = (await document.createPixelLayer({ name: 'rider' }))!;
  rider.isClippingMask = true;
  const moved = (await document.createPixelLayer({ name: 'moved' }))!;
  moved.move(layer, constants.ElementPlacement.PLACEBEFORE);
  const seen = { moved: moved.isClippingMask, rider: rider.isClippingMask };
  return { seen, expected: seen.moved && seen.rider };
}
