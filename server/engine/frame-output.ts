import { applyFrame } from '../imaging/apply-frame.ts';
import { type Framing, frameSubject } from '../imaging/framing.ts';
import type { AlphaPlane, RasterStream } from '../imaging/picture.ts';
import { joinStrips, streamRaster } from '../imaging/stream-raster.ts';
import { composeOver } from '../matting/composition.ts';
import { makeOutput, type OutputOptions, type OutputSource } from '../matting/outputs.ts';
import { addShadow } from '../matting/shadow.ts';

/** How a finished output lies on its canvas. */
export interface Finish {
  framing?: Framing | null | undefined;
  /** Opacity of a shadow, 0..1. */
  shadow?: number | undefined;
}

/**
 * Like `makeOutput`, cut and laid on a canvas, with a shadow under a cutout or composition.
 * @throws {AppError} IMAGE_TOO_LARGE when the canvas is
 */
export async function makeFramedOutput(
  source: OutputSource,
  options: OutputOptions,
  { framing, shadow = 0 }: Finish,
): Promise<AlphaPlane | RasterStream> {
  const { output, background, signal } = options;
  const casts = shadow > 0 && (output === 'cutout' || output === 'composition');
  if (!framing && !casts) return makeOutput(source, options);
  const frame = framing && frameSubject(source.shown, framing);
  // The background is laid under the canvas, and so comes last.
  const subject = await makeOutput(source, { ...options, output: output === 'composition' ? 'cutout' : output });
  signal.throwIfAborted();
  if (!('strips' in subject)) return frame ? applyFrame(subject, frame) : subject;
  const whole = await joinStrips(subject);
  const laid = frame ? await applyFrame(whole, frame) : whole;
  const grounded = casts ? await addShadow(laid, shadow, signal) : laid;
  return streamRaster(output === 'composition' ? composeOver(grounded, background) : grounded);
}
