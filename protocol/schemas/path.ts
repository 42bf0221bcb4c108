import Type, { type Static } from 'typebox';

/** In pixels from the upper left corner of the picture, fractions included. */
export const Place = Type.Tuple([Type.Number({ title: 'x' }), Type.Number({ title: 'y' })]);
export type Place = Static<typeof Place>;

/** A point of a path with both its handles. */
export const Knot = Type.Object(
  {
    anchor: Place,
    before: Place,
    after: Place,
    isSmooth: Type.Boolean({ description: 'Both handles lie on one line, and turn together.' }),
  },
  { description: 'The curve before it ends with the handle `before`; the next begins with the handle `after`.' },
);
export type Knot = Static<typeof Knot>;

export const Subpath = Type.Object({ knots: Type.Array(Knot, { minItems: 2, maxItems: 20_000 }) });
export type Subpath = Static<typeof Subpath>;

/** `output=path`: cubic Bézier curves along the line where the opacity of the matte is one half. */
export const ClippingPath = Type.Object(
  {
    width: Type.Integer({ description: 'Of the picture, in pixels.' }),
    height: Type.Integer({ description: 'Of the picture, in pixels.' }),
    tolerance: Type.Number({
      description:
        'How far the path may be from the outline, in pixels: as asked for, or more where the matte is noise.',
    }),
    subpaths: Type.Array(Subpath, {
      description:
        'All closed, largest first. Inside is what an odd number of them encloses, so that holes need no mark.',
    }),
  },
  { description: 'Empty where no subject was found.' },
);
export type ClippingPath = Static<typeof ClippingPath>;
