import Type, { type Static } from 'typebox';

const ofHealth = { name: Type.Literal('hairline'), version: Type.String(), protocol: Type.Integer() };

/** `GET /health`: the process is alive. Cheap, never touches a model. */
export const Health = Type.Object(ofHealth, { description: 'The process is alive.' });
export type Health = Static<typeof Health>;

/** Lifecycle of a model's weights. */
const ModelState = Type.Enum(['missing', 'downloading', 'installed', 'loading', 'ready', 'failed']);
export type ModelState = Static<typeof ModelState>;

/** `GET /ready`: 200 when the default model is loaded and warmed up, 503 with the same shape while it is not. */
export const Ready = Type.Object(
  {
    ...ofHealth,
    ready: Type.Boolean(),
    state: ModelState,
    model: Type.String({ description: 'Id of the model that `model=auto` runs.' }),
    provider: Type.Union([Type.String(), Type.Null()], {
      description: 'Execution provider in use, once loaded: `cpu`, `cuda`, `dml`, `coreml`, `webgpu`.',
    }),
    label: Type.Union([Type.String(), Type.Null()], { description: 'The same, for people: `GPU: DirectML` or `CPU`.' }),
    reason: Type.Union([Type.String(), Type.Null()], {
      description: 'Why this provider and not a faster one, or what is missing. One plain sentence.',
    }),
    queued: Type.Integer({ minimum: 0, description: 'Pictures waiting or in progress.' }),
    place: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
      description: "Queue position of this client's next picture, from 1; null when none is waiting.",
    }),
  },
  { description: 'Whether the default model is loaded and warmed up.' },
);
export type Ready = Static<typeof Ready>;

export const ModelInfo = Type.Object({
  id: Type.String(),
  name: Type.String(),
  purpose: Type.String(),
  license: Type.String(),
  state: ModelState,
  default: Type.Boolean(),
  bytes: Type.Integer({ description: 'Size of the installed weights.' }),
  downloadBytes: Type.Integer({ description: 'Size of the download.' }),
});
export type ModelInfo = Static<typeof ModelInfo>;

/** `GET /v1/models`. */
export const Models = Type.Object(
  { models: Type.Array(ModelInfo) },
  { description: 'All known models, installed or not.' },
);
export type Models = Static<typeof Models>;

/** `POST /v1/shutdown`. */
export const Stopping = Type.Object(
  { stopping: Type.Boolean() },
  { description: 'The server stops after the requests in progress.' },
);
