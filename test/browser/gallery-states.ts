import type { JobState } from '../../plugin/commands/batch.ts';
import type { LayerResult } from '../../plugin/commands/result.ts';
import { PluginError, type PluginErrorCode, ServerError } from '../../plugin/errors.ts';
import type { BatchView } from '../../plugin/session/batch-state.ts';
import type { PanelState, ServerState, View } from '../../plugin/session/state.ts';
import { DEFAULT_SETTINGS, DELIVERIES } from '../../plugin/settings/settings.ts';
import { NEUTRAL_EDGE } from '../../protocol/edge.ts';
import { ERRORS } from '../../protocol/errors.ts';
import { PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { Ready } from '../../protocol/schemas/status.ts';
import { en } from '../../words/panel/en.ts';

const LAYER = 'Portrait of a lady with an unusually long layer name, retouched copy 2';
const VALUES = { layer: LAYER, document: 'IMG_20240131_final_final.psd', mode: 'multichannelMode', version: '0.9.0' };

const health = { name: 'hairline', version: '0.1.0', protocol: PROTOCOL_VERSION } as const;

function online(change: Partial<Ready> = {}): ServerState {
  const ready: Ready = {
    ...{ ...health, ready: true, state: 'ready', model: 'rvm', provider: 'dml', label: 'GPU: DirectML' },
    ...{ reason: null, queued: 0, place: null, ...change },
  };
  return { name: 'online', server: { origin: 'http://127.0.0.1:7866', health, ready } };
}

const offline = (code: PluginErrorCode): ServerState => ({
  name: 'offline',
  error: new PluginError(code, VALUES, DETAIL),
});

const DETAIL = 'TypeError: Network request failed (http://127.0.0.1:7866/health)';

const idle: View = {
  panel: { name: 'idle' },
  server: online(),
  settings: DEFAULT_SETTINGS,
  address: '',
  newcomer: false,
  edge: { controls: NEUTRAL_EDGE, backdrop: 'checker', kept: false, preview: null },
};

const panel = (state: PanelState, change: Partial<View> = {}): View => ({ ...idle, ...change, panel: state });
const done = (layers: LayerResult[]): View =>
  panel({ name: 'done', result: { layers, model: 'rvm-wide+rvm+isnet', provider: 'dml', refinable: null } });
const failed = (error: unknown): View => panel({ name: 'failed', error });

/** A square of one color, in place of a real preview. */
const PICTURE =
  'data:image/svg+xml;utf8,<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="teal"/></svg>';

const preview = { layer: LAYER, aspect: 2 / 3, url: PICTURE as string | null, stale: false, error: null as unknown };
const edge = (change: Partial<typeof preview> = {}): View['edge'] => ({
  ...idle.edge,
  preview: { ...preview, ...change },
});

const strong = {
  shift: -20,
  feather: 50,
  contrast: 100,
  hair: -1,
  removeSpecks: 40_000,
  fillHoles: 40_000,
  decontaminate: 0,
};

/** Every state that the panel can be in, by name; errors by their code. */
export const STATES: Readonly<Record<string, View>> = {
  idle,
  newcomer: { ...idle, newcomer: true },
  'newcomer without a server': { ...idle, newcomer: true, server: offline('NOT_RUNNING') },
  'looking for the server': { ...idle, server: { name: 'unknown' } },
  'no server': { ...idle, server: offline('NOT_RUNNING') },
  'not permitted': { ...idle, server: offline('PERMISSION_DENIED') },
  'cannot start': { ...idle, server: offline('LAUNCH_FAILED') },
  'does not start': { ...idle, server: offline('LAUNCH_TIMED_OUT') },
  'older server': { ...idle, server: offline('SERVER_OLDER') },
  'newer server': { ...idle, server: offline('SERVER_NEWER') },
  starting: { ...idle, server: { name: 'starting' } },
  ...Object.fromEntries(
    (['missing', 'downloading', 'installed', 'loading', 'failed'] as const).map((state) => [
      `model ${state}`,
      { ...idle, server: online({ ready: false, state, provider: null, label: null, reason: 'Not enough memory.' }) },
    ]),
  ),
  'on the processor': {
    ...idle,
    server: online({ provider: 'cpu', label: 'CPU', reason: 'DirectML gave wrong results on Intel UHD Graphics 620.' }),
  },
  'busy server': { ...idle, server: online({ queued: 3 }) },
  searching: panel({ name: 'searching' }),
  reading: panel({ name: 'reading' }),
  uploading: panel({ name: 'uploading', fraction: 0.42 }),
  waiting: panel({ name: 'waiting', for: 'answer' }),
  'third in the queue': panel({ name: 'waiting', for: 'answer' }, { server: online({ queued: 5, place: 3 }) }),
  queued: panel({ name: 'waiting', for: 'queue' }),
  'model on its way': panel({ name: 'waiting', for: 'model' }),
  writing: panel({ name: 'writing', busy: false }),
  'Photoshop busy': panel({ name: 'writing', busy: true }),
  'mask exists': panel({ name: 'asking', layer: LAYER, refines: true }),
  ...Object.fromEntries(
    DELIVERIES.flatMap((outcome) => [
      [`done: ${outcome}`, done([{ layerName: LAYER, outcome }])],
      [`done: ${outcome}, several`, done([1, 2].map((index) => ({ layerName: `Layer ${index}`, outcome })))],
    ]),
  ),
  'done but for one': done([
    { layerName: LAYER, outcome: 'mask' },
    { layerName: LAYER, outcome: 'no-subject' },
  ]),
  'layer by layer': panel({ name: 'uploading', fraction: 0.5, part: { index: 2, of: 12 } }),
  cancelled: panel({ name: 'cancelled' }),
  'batch running': idle,
  'batch over': idle,
  'batch chosen': idle,
  'edge without preview': panel({ name: 'cancelled' }, { edge: edge({ url: null, stale: true }) }),
  edge: panel({ name: 'cancelled' }, { edge: edge() }),
  'wide edge': panel({ name: 'cancelled' }, { edge: { ...edge({ aspect: 3 }), controls: strong, backdrop: 'mask' } }),
  'edge failed': panel(
    { name: 'cancelled' },
    { edge: edge({ url: null, error: new PluginError('SERVER_LOST', VALUES, DETAIL) }) },
  ),
  'kept edge': { ...idle, edge: { ...idle.edge, kept: true, controls: strong } },
  ...Object.fromEntries(
    (Object.keys(en.errors) as PluginErrorCode[]).map((code) => [code, failed(new PluginError(code, VALUES, DETAIL))]),
  ),
  ...Object.fromEntries(
    Object.entries(ERRORS).map(([code, [, message, hint]]) => [
      `server ${code}`,
      failed(new ServerError(code, message, hint)),
    ]),
  ),
};

export const NO_BATCH: BatchView = {
  ...{ jobs: [], running: false, choice: null, redoMasked: false, format: null, folder: null, error: null },
};

const names = ['IMG_20240131_000123_final.psd', 'Wedding, first dance 3 (retouched).tiff', 'a.jpg', 'b.jpg', 'c.png'];
const masked = { model: 'rvm-wide+rvm+isnet', provider: 'dml', seconds: 1.25 };
const statesOf = (values: Record<string, string>): JobState[] => [
  { name: 'done', masked, savedAs: 'IMG_20240131_000123_final-masked.psd' },
  { name: 'skipped', error: new PluginError('MASK_EXISTS', values) },
  { name: 'failed', error: new PluginError('EMPTY_LAYER', values), masked: null },
  { name: 'running', progress: { name: 'uploading', fraction: 0.4 } },
  { name: 'waiting', masked: null },
];
const jobsOf = (values: Record<string, string>) =>
  statesOf(values).map((state, id) => ({ id, name: names[id]!, state }));

/** What the batch section shows in those states; elsewhere it is empty. */
export const BATCHES: Readonly<Record<string, BatchView>> = {
  // As in the documentation; the next one has the long names.
  'batch running': { ...NO_BATCH, running: true, jobs: jobsOf({ layer: 'Portrait' }) },
  'batch over': {
    ...NO_BATCH,
    format: 'psd',
    folder: 'Masked',
    jobs: jobsOf(VALUES).filter(({ state }) => state.name !== 'running'),
  },
  'batch chosen': { ...NO_BATCH, choice: names.map((name, id) => ({ id, name, chosen: id > 1 })), redoMasked: true },
};
