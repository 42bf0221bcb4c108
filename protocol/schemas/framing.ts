import Type from 'typebox';
import { ALIGN_PATTERN, FITS, MARGIN_PATTERN, SIZE_PATTERN } from '../matte.ts';

/** The frame of results that are pixels; `title` and `examples` of a pattern are its name in error sentences. */
export const FRAMING = {
  margin: Type.Optional(
    Type.String({
      pattern: MARGIN_PATTERN,
      title: 'pixels like "40", or percent like "5%"',
      examples: ['5%'],
      description: 'Room around the result; percent of the longer side of what is shown, or of `size`.',
    }),
  ),
  size: Type.Optional(
    Type.String({
      pattern: SIZE_PATTERN,
      title: 'width and height in whole pixels',
      examples: ['800x1200'],
      description: 'Of the result: the picture, or with `trim` the subject, is scaled.',
    }),
  ),
  fit: Type.Optional(Type.Enum(FITS, { description: 'For `size`; default `contain`.' })),
  align: Type.Optional(
    Type.String({
      pattern: ALIGN_PATTERN,
      title: 'center, top, bottom, left, right, or two of them',
      examples: ['bottom-left'],
      description: 'For `size`: where the subject lies; default `center`.',
    }),
  ),
};

export const SHADOW = {
  minimum: 0,
  maximum: 1,
  description: 'Opacity of a soft shadow on the ground, for `cutout` and `composition`.',
};
