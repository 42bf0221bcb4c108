import os from 'node:os';
import type { HostDocument } from './document.ts';
import { CommandError } from './errors.ts';
import type { Rect } from './geometry.ts';
import { type HostLayer, isAdjustment } from './layer.ts';
import type { HostState } from './state.ts';

export type Descriptor = Record<string, unknown>;

const pixels = (value: number) => ({ _unit: 'pixelsUnit', _value: value });
const bounds = (r: Rect) => ({
  _obj: 'rectangle',
  top: pixels(r.top),
  left: pixels(r.left),
  bottom: pixels(r.bottom),
  right: pixels(r.right),
  width: pixels(r.right - r.left),
  height: pixels(r.bottom - r.top),
});

const numericKinds: Partial<Record<string, number>> = {
  ...{ pixel: 1, text: 3, smartObject: 5, video: 6, group: 7, threeD: 8, gradientFill: 9, pattern: 10 },
  solidColor: 11,
};

const modeNames = {
  RGB: 'RGBColor',
  Grayscale: 'grayscaleMode',
  Lab: 'labColor',
  CMYK: 'CMYKColorEnum',
  Indexed: 'indexedColor',
  Bitmap: 'bitmap',
  Duotone: 'duotone',
  Multichannel: 'multichannel',
} as const;

/** What batchPlay `get` answers for a layer. */
export function describeLayer(host: HostState, doc: HostDocument, layer: HostLayer): Descriptor {
  const out: Descriptor = {
    layerID: layer.id,
    name: layer.name,
    visible: layer.visible,
    opacity: Math.round((layer.opacity * 255) / 100),
    background: layer.isBackground,
    hasUserMask: layer.mask !== null,
    userMaskDensity: Math.round(((layer.mask?.density ?? 100) * 255) / 100),
    userMaskFeather: layer.mask?.feather ?? 0,
    hasVectorMask: layer.hasVectorMask,
    layerKind: numericKinds[layer.kind] ?? (isAdjustment(layer.kind) ? 2 : 1),
    layerLocking: {
      _obj: 'layerLocking',
      protectTransparency: layer.locks.transparency,
      protectComposite: layer.locks.pixels,
      protectPosition: layer.locks.position,
      protectArtboardAutonest: false,
      protectAll: layer.locks.all,
    },
    mode: { _enum: 'blendMode', _value: layer.blendMode },
    bounds: bounds(layer.boundsFor(host.faults)),
    boundsNoEffects: bounds(layer.boundsFor(host.faults)),
    boundsNoMask: bounds(layer.boundsNoMask),
    parentLayerID: layer.parent?.id ?? -1,
    group: layer.clipped,
    layerSection: sectionOf(layer.kind === 'group' ? 'Start' : 'Content'),
    hasFilterMask: false,
    fillOpacity: 255,
    ...indexed(doc, layer),
  };
  const linked = doc.allLayers.filter(
    (other) => other !== layer && layer.linkGroup && other.linkGroup === layer.linkGroup,
  );
  if (linked.length > 0) out.linkedLayerIDs = linked.map(({ id }) => id);
  if (layer.adjustment) out.adjustment = [layer.adjustment];
  if (layer.kind === 'group') out.artboardEnabled = layer.artboard;
  if (host.faults.boundsNoMaskMissing) delete out.boundsNoMask;
  if (layer.mask) {
    out.userMaskEnabled = layer.mask.enabled;
    out.userMaskLinked = layer.mask.linked;
  }
  return out;
}

const sectionOf = (part: 'Start' | 'Content' | 'End') => ({ _enum: 'layerSectionType', _value: `layerSection${part}` });

/** The bottom layer first, as Photoshop counts; below the layers of a group comes a row that ends it. */
function* rowsOf(layers: readonly HostLayer[]): Generator<{ layer: HostLayer; ends: boolean }> {
  for (const layer of [...layers].reverse()) {
    if (layer.kind === 'group') {
      yield { layer, ends: true };
      yield* rowsOf(layer.children);
    }
    yield { layer, ends: false };
  }
}

function indexed(doc: HostDocument, layer: HostLayer): Descriptor {
  const rows = [...rowsOf(doc.layers)];
  return { itemIndex: rows.findIndex((row) => row.layer === layer && !row.ends) + 1, count: rows.length };
}

/** What `multiGet` answers for a range: the rows from `index` on. A Background has index 0, and the layer above it 1. */
export function describeLayers(host: HostState, doc: HostDocument, index: number, count: number): Descriptor[] {
  const rows = [...rowsOf(doc.layers)];
  const from = doc.backgroundLayer ? index : index - 1;
  return rows.slice(from, count < 0 ? rows.length : from + count).map(({ layer, ends }) => {
    const all = describeLayer(host, doc, layer);
    if (!ends) return all;
    const { adjustment: _, linkedLayerIDs: __, ...rest } = all;
    const itemIndex = rows.findIndex((row) => row.layer === layer && row.ends) + 1;
    return {
      ...rest,
      name: '</Layer group>',
      layerID: -layer.id,
      layerKind: 13,
      layerSection: sectionOf('End'),
      itemIndex,
    };
  });
}

export function describeDocument(doc: HostDocument): Descriptor {
  return {
    documentID: doc.id,
    title: doc.name,
    mode: { _enum: 'colorSpace', _value: modeNames[doc.mode] },
    depth: doc.depth,
    width: { _unit: 'distanceUnit', _value: (doc.width * 72) / doc.resolution },
    height: { _unit: 'distanceUnit', _value: (doc.height * 72) / doc.resolution },
    resolution: { _unit: 'densityUnit', _value: doc.resolution },
    hasBackgroundLayer: doc.backgroundLayer !== null,
    numberOfLayers: doc.allLayers.length,
    targetLayersIDs: doc.activeLayers.map((layer) => ({ _ref: 'layer', _id: layer.id })),
    isDirty: doc.historyStates.length > 1,
    visible: true,
    quickMask: doc.quickMask,
    XMPMetadataAsUTF8: doc.metadata,
  };
}

export function describeApplication(host: HostState): Descriptor {
  const [versionMajor, versionMinor, versionFix] = host.options.version.split('.').map(Number);
  return {
    hostName: 'Adobe Photoshop',
    hostVersion: { _obj: 'version', versionMajor, versionMinor: versionMinor ?? 0, versionFix: versionFix ?? 0 },
    numberOfDocuments: host.documents.length,
    active: true,
    buildNumber: `${host.options.version} (20261101.m.1 0000000)`,
    osVersion: os.release(),
    localeInfo: { _obj: 'localeInfo', decimalPoint: '.' },
    documentArea: { left: 0, top: 56, right: 1512, bottom: 982 },
    autoShowHomeScreen: true,
    available: os.freemem(),
    panelList: [],
    ...(host.faults.colorSettingsMissing ? {} : { colorSettings: describeColorSettings(host) }),
  };
}

function describeColorSettings({ options }: HostState): Descriptor {
  return {
    _obj: 'colorSettings',
    ...{ workingRGB: options.workingSpace, workingCMYK: 'U.S. Web Coated (SWOP) v2' },
    ...{ workingGray: 'Dot Gain 20%', workingSpot: 'Dot Gain 20%' },
  };
}

export function pick(all: Descriptor, property: string | undefined): Descriptor {
  if (property === undefined) return all;
  if (!(property in all)) throw new CommandError(`The requested property "${property}" does not exist.`, -1728);
  return { [property]: all[property] };
}
