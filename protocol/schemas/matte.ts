import Type, { type Static } from 'typebox';
import {
  DEPTHS,
  DOCUMENT,
  ENHANCEMENTS,
  FOREGROUND_METHODS,
  HEADERS,
  KEPT,
  METADATA,
  OUTPUTS,
  PATH,
  PATH_TOLERANCE,
  POINT_PATTERN,
  PROFILES,
  REFINEMENTS,
  REGION_PATTERN,
  SUBJECTS,
} from '../matte.ts';
import { FRAMING, SHADOW } from './framing.ts';

const Switch = (description: string) => Type.Enum(['true', 'false'], { default: 'false', description });

/** Query of `POST /v1/mattes`. `title` and `examples` of a pattern are its name in error sentences. */
export const MatteQuery = Type.Object(
  {
    model: Type.String({ default: 'auto', maxLength: 64, description: 'An id of `GET /v1/models`, or `auto`.' }),
    subject: Type.Enum(SUBJECTS, { default: 'portrait', description: 'What `model=auto` looks for.' }),
    refine: Type.Enum(REFINEMENTS, { default: 'best' }),
    output: Type.Enum([...OUTPUTS, DOCUMENT, PATH], { default: 'alpha' }),
    // A string, so that only these two spellings are valid: as a number, "08" and "8.0" would be too.
    depth: Type.Enum(['8', '16'], { default: '8', description: 'Bits per sample of the answer.' }),
    background: Type.String({
      default: 'white',
      maxLength: 64,
      description: 'A CSS color or `checker`, for `composition`.',
    }),
    foreground: Type.Enum(FOREGROUND_METHODS, { default: 'best' }),
    decontaminate: Type.Number({ default: 1, minimum: 0, maximum: 1 }),
    'cutout-layer': Switch('Adds the cutout to a document, as a hidden layer.'),
    'clipping-path': Switch('Adds the outline to a document, as its clipping path.'),
    'path-tolerance': Type.Number({
      ...PATH_TOLERANCE,
      description: 'How far that path, or `output=path`, may be from the outline of the matte, in pixels.',
    }),
    'allow-damaged': Switch('Takes what can be read of a damaged file.'),
    trim: Switch('Cuts to the subject.'),
    ...FRAMING,
    shadow: Type.Number({ default: 0, ...SHADOW }),
    profile: Type.Enum(PROFILES, {
      default: 'keep',
      description: "Colors of color results: in the picture's own RGB profile, or converted to sRGB.",
    }),
    metadata: Type.Enum(METADATA, {
      default: 'keep',
      description: 'EXIF, IPTC and XMP of color results; `keep` drops GPS.',
    }),
    region: Type.Optional(
      Type.String({
        pattern: REGION_PATTERN,
        title: '"left,top,width,height" in whole pixels',
        examples: ['100,50,800,600'],
        description: 'The matte is empty outside.',
      }),
    ),
    subjects: Type.Enum(KEPT, { default: 'all', description: 'Which subjects in the matte to keep.' }),
    point: Type.Optional(
      Type.String({
        pattern: POINT_PATTERN,
        title: '"x,y" in whole pixels',
        examples: ['640,360'],
        description: 'For `subjects=point`.',
      }),
    ),
    enhance: Type.Enum(ENHANCEMENTS, { default: 'auto' }),
  },
  { additionalProperties: false },
);
export type MatteQuery = Static<typeof MatteQuery>;

const size = { description: 'Pixels.' };

/** Headers of `POST /v1/mattes`; those of the size and layout belong to raw pixels. */
export const MatteHeaders = Type.Object({
  [HEADERS.width]: Type.Optional(Type.Integer({ description: 'Pixels. Required for raw pixels.' })),
  [HEADERS.height]: Type.Optional(Type.Integer({ description: 'Pixels. Required for raw pixels.' })),
  [HEADERS.channels]: Type.Optional(
    Type.Enum([3, 4], { default: 4, description: 'Of raw pixels: RGB, or straight RGBA.' }),
  ),
  [HEADERS.depth]: Type.Optional(Type.Enum(DEPTHS, { default: 8, description: 'Bits per sample of raw pixels.' })),
  [HEADERS.mask]: Type.Optional(
    Type.Enum(DEPTHS, {
      description: 'A mask follows the raw pixels, one sample of so many bits per pixel: its edge is found anew.',
    }),
  ),
  prefer: Type.Optional(
    Type.String({
      description:
        '`respond-async` answers 202 and a job; with `wait=N` the result itself if it is there within N seconds. `wait=N` alone is a deadline.',
    }),
  ),
});

/** A picture as a form, for people with curl. */
export const MatteForm = Type.Object({
  image: Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' }),
  mask: Type.Optional(
    Type.Unsafe<Uint8Array>({
      type: 'string',
      format: 'binary',
      description: 'A mask of the same size: its edge is found anew, the rest stays.',
    }),
  ),
  strokes: Type.Optional(
    Type.Unsafe<Uint8Array>({
      type: 'string',
      format: 'binary',
      description: 'Brush strokes that correct the mask: light and opaque is subject, dark and opaque is not.',
    }),
  ),
});

/** Headers of every answer with pixels. */
export const PixelHeaders = Type.Object({
  [HEADERS.width]: Type.Integer(size),
  [HEADERS.height]: Type.Integer(size),
  [HEADERS.channels]: Type.Enum([1, 3, 4], { description: '1 for `output=alpha`.' }),
  [HEADERS.depth]: Type.Enum(DEPTHS, { description: 'Bits per sample.' }),
  [HEADERS.matteId]: Type.String({ format: 'uuid' }),
  [HEADERS.model]: Type.String({ description: 'Model that ran; several are joined by +.' }),
  [HEADERS.provider]: Type.String({ description: 'Execution provider that ran it, for example `cpu` or `cuda`.' }),
  [HEADERS.subject]: Type.Enum(['found', 'none'], { description: 'For a new matte: whether a subject was found.' }),
  [HEADERS.source]: Type.Optional(
    Type.Literal('preview', { description: 'Of a camera raw file: its embedded preview was used.' }),
  ),
  'server-timing': Type.String({ description: 'Milliseconds by stage.' }),
});

export const MatteId = Type.Object({ id: Type.String({ description: 'X-Matte-Id of an answer.' }) });
export type MatteId = Static<typeof MatteId>;
