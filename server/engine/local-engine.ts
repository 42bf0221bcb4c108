import { HEADERS, type Refine, type Subject } from '../../protocol/matte.ts';
import { openEncoded, openRaw } from '../imaging/codec.ts';
import type { Raster, RawLayout } from '../imaging/picture.ts';
import { readStrokesFile } from '../imaging/strokes-file.ts';
import { hasSubject, toPlane16 } from '../matting/edge/plane.ts';
import type { MatteCache } from '../matting/matte-cache.ts';
import type { ModelStatus } from '../matting/model-status.ts';
import type { MatteService } from '../matting/service.ts';
import type { PullOptions } from '../registry/pull.ts';
import { weighEdge, workEdge } from './edge-work.ts';
import { describeMatte, formatTimings } from './encode-answer.ts';
import type { Answer, EdgeTask, Engine, MaskLayout, MatteTask, WorkOptions } from './engine.ts';
import { readMask } from './read-mask.ts';
import { renderMatte } from './render-matte.ts';

/** Share of the progress reached once the matte is done; rendering is the rest. */
const MATTE_SHARE = 0.9;

/** The engine in this process: computes and renders mattes, and keeps them for edge controls. */
export class LocalEngine implements Engine {
  readonly restarts = 0;
  readonly usage = null;
  readonly #mattes: MatteService;
  readonly #kept: MatteCache;

  constructor(mattes: MatteService, kept: MatteCache) {
    this.#mattes = mattes;
    this.#kept = kept;
  }

  get queued(): number {
    return this.#mattes.queued;
  }

  checkModel(model: string, subject: Subject): void {
    this.#mattes.checkModel(model, subject);
  }

  async matte(task: MatteTask, body: Buffer, { signal, onProgress }: WorkOptions): Promise<Answer> {
    const [pixels, ...guides] = splitBody(body, task.mask);
    const picture = task.layout ? openRaw(toRaster(pixels, task.layout)) : await openEncoded(pixels, task.allowDamaged);
    const mask = task.mask ? await readMask(guides[0]!, task.mask.depth, picture) : undefined;
    const strokes = task.mask?.strokes ? await readStrokesFile(guides[1]!) : undefined;
    const { model, subject, refine, region, subjects, point, enhance } = task;
    // Always 16 bits: edge controls start from them, and rounding to 8 bits later gives the same as rounding directly.
    const matte = await this.#mattes.matte(picture, {
      model,
      subject,
      refine,
      region,
      subjects,
      point,
      mask,
      strokes,
      enhance,
      depth: 16,
      signal,
      onProgress: (fraction) => onProgress?.(MATTE_SHARE * fraction),
    });
    const alpha = toPlane16(matte.alpha);
    const began = performance.now();
    const rendered = await renderMatte(picture, alpha, task, signal);
    signal.throwIfAborted();
    const made = { model: matte.model, provider: matte.provider };
    const id = this.#kept.add({ alpha, picture, ...made }, Math.max(body.byteLength, picture.bytes ?? 0));
    onProgress?.(1);
    const timings = { ...matte.timings, finish: performance.now() - began };
    const headers = {
      ...rendered.headers,
      ...describeMatte(id, made),
      [HEADERS.subject]: hasSubject(alpha) ? 'found' : 'none',
      ...(picture.isPreview && { [HEADERS.source]: 'preview' }),
      'server-timing': `${formatTimings(timings)}, runs;desc="${matte.runs}"`,
    };
    return { type: task.type, headers, body: rendered.body, timings };
  }

  async weighEdge(task: EdgeTask): Promise<number> {
    return weighEdge(this.#kept, task);
  }

  edge(task: EdgeTask, { signal }: WorkOptions): Promise<Answer> {
    return workEdge(this.#kept, task, signal);
  }

  async forget(id: string): Promise<boolean> {
    return this.#kept.delete(id);
  }

  status(idOrAuto: string): Promise<ModelStatus> {
    return this.#mattes.status(idOrAuto);
  }

  prepare(idOrAuto: string, options?: PullOptions): Promise<ModelStatus> {
    return this.#mattes.prepare(idOrAuto, options);
  }

  prepareViews(refine: Refine, options?: PullOptions): Promise<void> {
    return this.#mattes.prepareViews(refine, options);
  }

  async close(): Promise<void> {
    this.#kept.close();
    await this.#mattes.dispose();
  }
}

/** The picture; with a mask also that, and its strokes, which may be empty. */
function splitBody(body: Buffer, mask: MaskLayout | null | undefined): [pixels: Buffer, ...guides: Buffer[]] {
  if (!mask) return [body];
  const strokes = body.length - mask.strokes;
  const first = strokes - mask.bytes;
  return [body.subarray(0, first), body.subarray(first, strokes), body.subarray(strokes)];
}

function toRaster(body: Buffer, { width, height, channels, depth }: RawLayout): Raster {
  const data = depth === 8 ? body : new Uint16Array(body.buffer, body.byteOffset, body.length / 2);
  return { width, height, channels, data };
}
