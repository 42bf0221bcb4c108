import type { Device } from '../config.ts';
import { AppError } from '../errors.ts';
import type { ModelSpec } from '../registry/model-spec.ts';
import { listProviders } from './execution-providers.ts';
import { createOrtSession } from './ort-session.ts';
import type { Session, Tensor } from './session.ts';

/**
 * Loads a model on the best provider that runs it correctly. The trial run is the warm-up as well.
 * @throws {AppError} INFERENCE_FAILED when no provider of the device works, with every provider's own reason.
 */
export async function loadSession(
  spec: ModelSpec,
  weights: Uint8Array,
  { device, threads }: { device: Device; threads: number },
): Promise<Session> {
  try {
    return await createOrtSession(weights, {
      providers: listProviders(device),
      threads,
      probe: (session) => probeSession(session, spec),
    });
  } catch (cause) {
    throw new AppError(
      'INFERENCE_FAILED',
      `The model "${spec.id}" could not be loaded (${(cause as Error).message}).`,
      { cause },
    );
  }
}

/** A broken provider answers with NaN or with one flat value (product.md: fp16 and CoreML faults); a network never does. */
async function probeSession(session: Session, spec: ModelSpec): Promise<void> {
  const { width, height, name } = spec.input;
  const { [spec.output.name]: output } = await session.run({ [name]: drawProbe(spec.input) }, [spec.output.name]);
  const { data } = output as Tensor;
  if (data.length !== width * height)
    throw new Error(`the output has ${data.length} values instead of ${width * height}`);
  if (!data.every(Number.isFinite)) throw new Error('the output holds values that are not numbers');
  if (data.every((value) => value === data[0])) throw new Error('the output is flat');
}

/** A white disc on a black ground: something that every network sees an edge in. */
function drawProbe({ width, height, layout, mean, scale }: ModelSpec['input']): Tensor {
  const plane = width * height;
  const data = new Float32Array(3 * plane);
  const radius = Math.min(width, height) / 4;
  const planar = layout === 'NCHW';
  for (let i = 0; i < data.length; i++) {
    const channel = planar ? Math.floor(i / plane) : i % 3;
    const pixel = planar ? i % plane : Math.floor(i / 3);
    const inside = Math.hypot((pixel % width) - width / 2, Math.floor(pixel / width) - height / 2) < radius;
    data[i] = ((inside ? 255 : 0) - mean[channel]!) * scale[channel]!;
  }
  return { data, dims: planar ? [1, 3, height, width] : [height, width, 3] };
}
