import type { ActionDescriptor } from 'photoshop/dom/CoreModules.js';
import { PluginError } from '../errors.ts';
import type { Target } from './host.ts';
import { action } from './uxp.ts';

const MASK = { _ref: 'channel', _enum: 'channel', _value: 'mask' };
const SELECTION = { _ref: 'channel', _property: 'selection' };
/** A command that fails answers with an error; with `dontDisplay` Photoshop may show a box that waits for the user. */
const SILENT = { _options: { dialogOptions: 'silent' } };

/** Photoshop has been seen not to heed the descriptor's own options. The typings lack it. */
export const QUIET: Parameters<typeof action.batchPlay>[1] & { dialogOptions: string } = { dialogOptions: 'silent' };

function layerReference({ documentId, layerId }: Target) {
  return [
    { _ref: 'layer', _id: layerId },
    { _ref: 'document', _id: documentId },
  ];
}

const getOf = (property: string) => (target: Target) => ({
  _obj: 'get',
  _target: [{ _property: property }, ...layerReference(target)],
});

export const getHasMask = getOf('hasUserMask');
export const getMaskEnabled = getOf('userMaskEnabled');
export const getBoundsNoMask = getOf('boundsNoMask');
export const getArtboard = getOf('artboardEnabled');

/** The copy is active after it. */
export const duplicateLayer = (target: Target) => ({ _obj: 'duplicate', _target: layerReference(target) });

/** Merges the active group into one layer, which is active after it. */
export const mergeLayers = () => ({ _obj: 'mergeLayersNew' });

/** What double-clicking the Background does; Photoshop names the layer "Layer 0" in its own language. */
export const convertBackground = () => ({
  _obj: 'set',
  _target: [{ _ref: 'layer', _property: 'background' }],
  to: {
    _obj: 'layer',
    opacity: { _unit: 'percentUnit', _value: 100 },
    mode: { _enum: 'blendMode', _value: 'normal' },
  },
});

/** Acts on the active document. */
export const selectLayer = (layerId: number, add: boolean) => ({
  _obj: 'select',
  _target: [{ _ref: 'layer', _id: layerId }],
  ...(add ? { selectionModifier: { _enum: 'selectionModifierType', _value: 'addToSelection' } } : {}),
  makeVisible: false,
});

/** These two act on the active layer. */
export const makeMaskFromSelection = (how: 'revealSelection' | 'hideAll') => ({
  _obj: 'make',
  new: { _class: 'channel' },
  at: MASK,
  using: { _enum: 'userMaskEnabled', _value: how },
});

export const deleteMask = () => ({ _obj: 'delete', _target: [MASK], apply: false });

export const deselect = () => ({
  _obj: 'set',
  _target: [SELECTION],
  to: { _enum: 'ordinal', _value: 'none' },
});

/** A copy with its layers, which the object API cannot write in this format. `token`: of the file, from UXP's storage. */
export const saveTiff = (documentId: number, token: string) => ({
  _obj: 'save',
  as: {
    _obj: 'TIFF',
    byteOrder: { _enum: 'platform', _value: 'IBMPC' },
    LZWCompression: true,
    layerCompression: { _enum: 'encoding', _value: 'RLE' },
  },
  in: { _path: token, _kind: 'local' },
  documentID: documentId,
  copy: true,
  lowerCase: true,
});

/** These two act on the active document. */
export const loadMaskAsSelection = ({ layerId }: Target) => ({
  _obj: 'set',
  _target: [SELECTION],
  to: { _ref: [MASK, { _ref: 'layer', _id: layerId }] },
});

/** An all-black alpha channel. */
export const makeChannel = (name: string) => ({
  _obj: 'make',
  new: { _obj: 'channel', name, colorIndicates: { _enum: 'maskIndicator', _value: 'maskedAreas' } },
});

/** Runs one descriptor. Photoshop answers a failed command with an error descriptor instead of rejecting. */
export async function play(descriptor: ActionDescriptor): Promise<ActionDescriptor> {
  const [result] = await action.batchPlay([{ ...descriptor, ...SILENT }], QUIET);
  if (result === undefined) throw new PluginError('WRITE_FAILED', {}, `${descriptor._obj}: no result`);
  if (result._obj === 'error') throw new PluginError('WRITE_FAILED', {}, `${descriptor._obj}: ${result.message}`);
  return result;
}
