import Type from 'typebox';

/** Query of `/api/remove`. rembg accepts more spellings than a schema can describe, and ignores unknown parameters. */
export const RemoveQuery = Type.Object({
  model: Type.Optional(Type.String({ description: 'A model name of rembg, an id of `GET /v1/models`, or `auto`.' })),
  om: Type.Optional(Type.Boolean({ description: 'Only the mask.' })),
  bgc: Type.Optional(
    Type.String({ description: 'Background: `r,g,b` or `r,g,b,255`, or a CSS color. Also called `bgcolor`.' }),
  ),
  dc: Type.Optional(
    Type.Boolean({ description: 'Removes the color of the old background from soft edges; default true.' }),
  ),
  ppm: Type.Optional(Type.Boolean({ description: 'Binarizes the mask, with smoothed edges.' })),
  a: Type.Optional(Type.Boolean({ description: 'Accepted and ignored: edges are soft without it.' })),
  vm: Type.Optional(Type.Boolean({ description: 'Accepted and ignored: edges are soft without it.' })),
  af: Type.Optional(Type.Integer({ description: 'Accepted, 0 to 255.' })),
  ab: Type.Optional(Type.Integer({ description: 'Accepted, 0 to 255.' })),
  ae: Type.Optional(Type.Integer({ description: 'Accepted, from 0.' })),
});

const Url = Type.String({ description: 'URL of a picture on the public internet, http or https.' });

/** Query of `GET /api/remove`. */
export const RemoveUrlQuery = Type.Object({ ...RemoveQuery.properties, url: Url });

/** Body of `POST /api/remove` as JSON or form fields. */
export const RemoveFields = Type.Object({ ...RemoveQuery.properties, url: Type.Optional(Url) });

/** The same as a form with a file. */
export const RemoveForm = Type.Object({
  ...RemoveFields.properties,
  file: Type.Optional(Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' })),
});
