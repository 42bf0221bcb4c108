import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { bytesOfSource, Derivations, HttpFile, Sha256, Source } from './source-spec.ts';

const Triple = Type.Tuple([Type.Number(), Type.Number(), Type.Number()]);
const Channels = Type.Union([Type.Literal('RGB'), Type.Literal('BGR')]);
const Subject = Type.Union([Type.Literal('portrait'), Type.Literal('object')]);

const VerifyPair = Type.Object({
  input: HttpFile,
  expected: HttpFile,
  /** The order in which the network was fed its channels when `expected` was made. */
  channels: Channels,
});

/** Pictures with mattes published by third parties; `hairline models verify` recomputes them. */
const Verification = Type.Object({
  /** Largest mean absolute difference (alpha 0..1) that still counts as the same network. */
  tolerance: Type.Number(),
  pairs: Type.Array(VerifyPair, { minItems: 1 }),
});

/**
 * A model is data: `models/<id>/model.json`. Sizes in pixels; `mean` and `scale` apply to 0..255 samples as
 * `(sample - mean) * scale` per channel; `range` is what the network calls transparent and opaque.
 */
export const ModelSpecSchema = Type.Object({
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
  name: Type.String(),
  purpose: Type.String(),
  subjects: Type.Array(Subject),
  license: Type.Object({
    /** SPDX identifier, or `unknown`. */
    spdx: Type.String(),
    url: Type.String(),
    /** What a person should know before using the results. */
    note: Type.Optional(Type.String()),
  }),
  /** Set while we have not run these weights ourselves; says what is not known. */
  unverified: Type.Optional(Type.String()),
  weights: Type.Object({
    /** File name in the model's cache folder. */
    file: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*\\.onnx$' }),
    /**
     * Size and checksum of the installed (derived) file, where all sources give the same one. Without them, what was
     * installed is known from its manifest alone.
     */
    bytes: Type.Optional(Type.Integer({ minimum: 1 })),
    sha256: Type.Optional(Sha256),
    /** Tried in order. */
    sources: Type.Array(Source),
    /** What happens to a file that the user brings along: a frozen TensorFlow graph, or ONNX. */
    add: Type.Optional(Type.Object({ pb: Type.Optional(Derivations), onnx: Type.Optional(Derivations) })),
  }),
  input: Type.Object({
    name: Type.String(),
    /** NCHW: planes, with a batch of one. HWC: interleaved, no batch. */
    layout: Type.Union([Type.Literal('NCHW'), Type.Literal('HWC')]),
    channels: Channels,
    width: Type.Integer({ minimum: 1 }),
    height: Type.Integer({ minimum: 1 }),
    /**
     * How a picture of another shape meets the grid. `squash` stretches it to `width` x `height`. `aspect` keeps its
     * shape, the longer side as long as the longer of the two and both sides multiples of 16; the graph must leave its
     * sizes open, and on providers that need fixed ones the picture is squashed after all.
     */
    fit: Type.Union([Type.Literal('squash'), Type.Literal('aspect')]),
    /** With `squash`: the graph leaves its sizes open, so that a view may ask for another square than the spec's. */
    open: Type.Optional(Type.Boolean()),
    mean: Triple,
    scale: Triple,
  }),
  output: Type.Object({
    name: Type.String(),
    layout: Type.Union([Type.Literal('NCHW'), Type.Literal('HW')]),
    range: Type.Tuple([Type.Number(), Type.Number()]),
  }),
  verify: Type.Optional(Verification),
});

export type ModelSpec = Static<typeof ModelSpecSchema>;
export type Subject = Static<typeof Subject>;
export type VerifyPair = Static<typeof VerifyPair>;

/** The size of the download, if the spec states it. */
export function downloadBytesOf({ weights }: ModelSpec): number | null {
  const [first] = weights.sources;
  return first ? bytesOfSource(first) : null;
}

/**
 * Validates a parsed `model.json`.
 * @throws {Error} naming the first wrong key; a broken spec is its author's mistake, not a client's.
 */
export function parseModelSpec(json: unknown, origin: string): ModelSpec {
  if (Value.Check(ModelSpecSchema, json)) return json;
  const [first] = Value.Errors(ModelSpecSchema, json);
  throw new Error(`${origin}: ${first?.instancePath || '/'} ${first?.message ?? 'is not a model spec'}`);
}
