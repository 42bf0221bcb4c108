import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { EDGE_RANGES } from '../../protocol/edge.ts';
import { type Depth, FOREGROUND_METHODS, HEADERS, OUTPUTS, RAW_TYPE } from '../../protocol/matte.ts';
import { type Admission, Place } from '../admission.ts';
import { mediaType } from '../body.ts';
import { AppError } from '../errors.ts';
import { parseColour } from '../imaging/colour.ts';
import type { Raster } from '../imaging/picture.ts';
import { type EdgeSettings, scaleSettings } from '../matting/edge/edge-settings.ts';
import { reduceSamples } from '../matting/edge/plane.ts';
import { refineEdge } from '../matting/edge/refine-edge.ts';
import type { KeptMatte, MatteCache, Preview } from '../matting/matte-cache.ts';
import { makeOutput, type OutputSource } from '../matting/outputs.ts';
import { whenClosed } from '../when-closed.ts';
import { abortOnClose, chooseType, describePixels, encodePixels, formatTimings } from './answer.ts';
import { DESCRIBED_DELETE, describeEdge } from './mattes-description.ts';

/** Settings are a few hundred bytes. */
const BODY_LIMIT = 4096;

const JSON_TYPE = 'application/json';
const OFFERED = ['image/png', RAW_TYPE];

const control = ([minimum, maximum]: readonly [number, number]) => Type.Optional(Type.Number({ minimum, maximum }));

const Body = Type.Object(
  {
    shift: control(EDGE_RANGES.shift),
    feather: control(EDGE_RANGES.feather),
    contrast: control(EDGE_RANGES.contrast),
    hair: control(EDGE_RANGES.hair),
    removeSpecks: control(EDGE_RANGES.removeSpecks),
    fillHoles: control(EDGE_RANGES.fillHoles),
    decontaminate: control(EDGE_RANGES.decontaminate),
    foreground: Type.Optional(Type.Union(FOREGROUND_METHODS.map((method) => Type.Literal(method)))),
    width: Type.Optional(Type.Integer({ minimum: 16 })),
    output: Type.Optional(Type.Union(OUTPUTS.map((output) => Type.Literal(output)))),
    depth: Type.Optional(Type.Union([Type.Literal(8), Type.Literal(16)])),
    background: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { additionalProperties: false },
);
type Body = Static<typeof Body>;
type WithId = { Params: { id: string } };

/** Edge controls on mattes that are still kept: no upload and no network run. */
export async function registerEdge(app: FastifyInstance, kept: MatteCache, admission: Admission): Promise<void> {
  app.delete<WithId>('/v1/mattes/:id', { config: { described: DESCRIBED_DELETE } }, async (request, reply) => {
    if (!kept.delete(request.params.id)) throw new AppError('MATTE_GONE');
    return reply.code(204).send();
  });

  // In a scope of its own: no other route takes JSON.
  await app.register(async (scope) => {
    const parse = scope.getDefaultJsonParser('error', 'error');
    scope.addContentTypeParser(JSON_TYPE, { parseAs: 'string', bodyLimit: BODY_LIMIT }, parse);
    scope.post<WithId>(
      '/v1/mattes/:id/edge',
      {
        config: { described: describeEdge(Body) },
        onRequest: async (request) => {
          if (mediaType(request) !== JSON_TYPE) throw new AppError('UNSUPPORTED_TYPE');
          chooseType(request, OFFERED);
        },
      },
      answer,
    );
  });

  async function answer(request: FastifyRequest<WithId>, reply: FastifyReply) {
    const body = checkBody(request.body);
    const background = parseColour(body.background ?? 'white');
    const { id } = request.params;
    const matte = kept.get(id);
    const signal = abortOnClose(reply);
    const output = body.output ?? 'alpha';
    const place = new Place(admission.enter(workingBytes(matte, output !== 'alpha')));
    whenClosed(reply, () => place.end());
    place.begin();
    try {
      const began = performance.now();
      const small = body.width !== undefined && body.width < matte.alpha.width;
      const source = small ? await openPreview(id, matte, body.width!) : openFull(matte);
      const shown = await refineEdge(source.alpha, settingsOf(body, source.alpha.width / matte.alpha.width), signal);
      const edge = performance.now() - began;
      const pixels = await makeOutput(
        { ...source, shown },
        {
          output,
          depth: body.depth ?? 8,
          method: body.foreground ?? (small ? 'fast' : 'best'),
          decontaminate: body.decontaminate ?? 1,
          background,
          signal,
        },
      );
      signal.throwIfAborted();
      const type = chooseType(request, OFFERED);
      const bytes = await encodePixels(pixels, type);
      reply
        .type(type)
        .headers(describePixels(pixels))
        .header(HEADERS.matteId, id)
        .header(HEADERS.model, matte.model)
        .header(HEADERS.provider, matte.provider)
        .header('server-timing', formatTimings({ edge, finish: performance.now() - began - edge }));
      return reply.send(bytes);
    } finally {
      place.end();
    }
  }

  async function openPreview(id: string, matte: KeptMatte, width: number): Promise<Omit<OutputSource, 'shown'>> {
    const height = Math.max(1, Math.round((matte.alpha.height * width) / matte.alpha.width));
    let preview = kept.get(id).preview;
    if (preview?.alpha.width !== width) {
      preview = { alpha: { width, height, data: reduceSamples(matte.alpha, 1, width, height) }, picture: null };
      kept.setPreview(id, preview);
    }
    const { alpha } = preview;
    return { alpha, readColours: () => readReduced(id, matte, preview) };
  }

  /** Colours of a preview have 8 bits. */
  async function readReduced(id: string, matte: KeptMatte, preview: Preview): Promise<Raster> {
    if (preview.picture) return preview.picture;
    const { width, height } = preview.alpha;
    const picture = pictureOf(matte);
    const reduce = async (): Promise<Raster> => {
      if (!picture.hasAlpha) return { width, height, channels: 3, data: await picture.readGrid(width, height) };
      const full = await picture.readRaster(8);
      return { width, height, channels: full.channels, data: reduceSamples(full, full.channels, width, height) };
    };
    const raster = await reduce();
    kept.setPreview(id, { ...preview, picture: raster });
    return raster;
  }
}

function openFull(matte: KeptMatte): Omit<OutputSource, 'shown'> {
  return { alpha: matte.alpha, readColours: (depth: Depth) => pictureOf(matte).readRaster(depth) };
}

function pictureOf({ picture }: KeptMatte) {
  if (picture) return picture;
  throw new AppError('MATTE_GONE', 'The picture was too large to be kept beside its matte.');
}

/** Copies of alpha while it is worked on, and RGBA at 16 bits at worst. */
function workingBytes({ alpha }: KeptMatte, colours: boolean): number {
  return alpha.data.byteLength * (colours ? 8 : 3);
}

function settingsOf(body: Body, factor: number): EdgeSettings {
  const { shift = 0, feather = 0, contrast = 0, hair = 0, removeSpecks = 0, fillHoles = 0 } = body;
  return scaleSettings({ shift, feather, contrast, hair, removeSpecks, fillHoles }, factor);
}

/** @throws {AppError} BAD_REQUEST with the first thing that is wrong, in a sentence for people. */
function checkBody(body: unknown): Body {
  if (Value.Check(Body, body)) return body;
  const [error] = Value.Errors(Body, body);
  const name = error?.instancePath.slice(1) ?? '';
  const range = Object.entries(EDGE_RANGES).find(([key]) => key === name)?.[1];
  if (range) throw new AppError('BAD_REQUEST', `"${name}" must be a number from ${range[0]} to ${range[1]}.`);
  if (name && !(name in Body.properties)) throw new AppError('BAD_REQUEST', `"${name}" is not a setting.`);
  if (name) throw new AppError('BAD_REQUEST', `"${name}" has a value that is not known.`);
  throw new AppError('BAD_REQUEST', 'The body must be an object with known settings only.');
}
