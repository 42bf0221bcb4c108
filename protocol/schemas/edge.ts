import Type, { type Static } from 'typebox';
import { EDGE_OUTPUTS, EDGE_RANGES } from '../edge.ts';
import { DEPTHS, FOREGROUND_METHODS, METADATA, PATH_TOLERANCE, PROFILES } from '../matte.ts';
import { FRAMING, SHADOW } from './framing.ts';

const control = ([minimum, maximum]: readonly [number, number], description: string) =>
  Type.Optional(Type.Number({ minimum, maximum, description }));

/**
 * JSON body of `POST /v1/mattes/:id/edge`. All fields are optional; absent or 0 changes nothing. Lengths are in pixels
 * and areas in square pixels of the full picture, for previews too.
 */
export const EdgeRequest = Type.Object(
  {
    shift: control(
      EDGE_RANGES.shift,
      'Moves every edge outward (above zero) or inward by this many pixels, including fractions.',
    ),
    feather: control(EDGE_RANGES.feather, 'Standard deviation of a Gaussian blur.'),
    contrast: control(EDGE_RANGES.contrast, 'Steepens alpha around 0.5; 100 makes it hard.'),
    hair: control(EDGE_RANGES.hair, 'More (above zero) or less of the semi-transparent band.'),
    removeSpecks: control(EDGE_RANGES.removeSpecks, 'Removes patches of the subject smaller than this many pixels.'),
    fillHoles: control(EDGE_RANGES.fillHoles, 'Closes enclosed gaps smaller than this many pixels.'),
    decontaminate: control(
      EDGE_RANGES.decontaminate,
      "How much of the old background's color is removed from the edge of a cutout or composition; default 1.",
    ),
    foreground: Type.Optional(
      Type.Enum(FOREGROUND_METHODS, { description: 'Default: `best`, or `fast` for a preview.' }),
    ),
    width: Type.Optional(
      Type.Integer({
        minimum: 16,
        description: "Width of a smaller answer, at most the picture's. Documents and paths are always full size.",
      }),
    ),
    output: Type.Optional(Type.Enum(EDGE_OUTPUTS)),
    depth: Type.Optional(Type.Enum(DEPTHS)),
    background: Type.Optional(
      Type.String({ maxLength: 64, description: 'A CSS color or `checker`, for `composition`.' }),
    ),
    trim: Type.Optional(Type.Boolean({ description: 'Cuts to the subject; not for previews, documents and paths.' })),
    ...FRAMING,
    shadow: Type.Optional(Type.Number(SHADOW)),
    clippingPath: Type.Optional(Type.Boolean({ description: 'Adds the outline to a document, as its clipping path.' })),
    pathTolerance: Type.Optional(
      Type.Number({
        minimum: PATH_TOLERANCE.minimum,
        maximum: PATH_TOLERANCE.maximum,
        description:
          'How far that path, or `output: "path"`, may be from the outline of the matte, in pixels; default 1.',
      }),
    ),
    profile: Type.Optional(Type.Enum(PROFILES, { description: 'Default: `keep`. Previews are in sRGB.' })),
    metadata: Type.Optional(Type.Enum(METADATA, { description: 'Default: `keep`. Previews have none.' })),
  },
  { additionalProperties: false },
);
export type EdgeRequest = Static<typeof EdgeRequest>;
