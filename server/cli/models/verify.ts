import path from 'node:path';
import type { Device } from '../../config/config.ts';
import { openEncoded } from '../../imaging/codec.ts';
import type { LoadedModel } from '../../inference/session-cache.ts';
import type { ModelSpec, VerifyPair } from '../../registry/spec/model-spec.ts';
import { EXIT, UsageError } from '../terminal.ts';
import type { ModelsContext } from './state.ts';

/**
 * `hairline models verify`: recomputes published mattes through the normal pipeline and prints how far the results
 * differ.
 * @returns the exit code: 1 when the installed model is not the published one
 */
export async function verifyModel(
  id: string,
  { from, device }: { from?: string | undefined; device: Device },
  { config, terminal, registry }: ModelsContext,
  signal: AbortSignal,
): Promise<number> {
  const spec = registry.resolve(id);
  if (!spec.verify) throw new UsageError(`There are no published results to compare ${spec.name} with.`);
  const { tolerance, pairs } = spec.verify;
  const weights = await registry.readWeights(spec);
  // Loaded only here: no other model command runs a network.
  const [{ loadSession }, { SessionCache }] = await Promise.all([
    import('../../inference/load-session.ts'),
    import('../../inference/session-cache.ts'),
  ]);
  const sessions = new SessionCache((wanted) => loadSession(wanted, weights, { ...config, device }));
  try {
    const loaded = await sessions.get(spec);
    terminal.say(`${spec.name} on ${loaded.session.provider}; the limit is ${inLevels(tolerance)}.`);
    let worst = 0;
    for (const pair of pairs) {
      signal.throwIfAborted();
      const files = await registry.example(pair, { ...(from !== undefined && { folder: from }), signal });
      const difference = await compare(files, feeding(loaded, pair.channels), signal);
      worst = Math.max(worst, difference);
      terminal.result(`${nameOf(pair)}: mean absolute difference ${difference.toFixed(5)} = ${inLevels(difference)}`);
    }
    const same = worst <= tolerance;
    const verdict = same ? 'reproduces the published results' : 'does NOT reproduce the published results';
    terminal.result(`${spec.id} ${verdict}: at most ${inLevels(worst)}, limit ${inLevels(tolerance)}.`);
    return same ? EXIT.ok : EXIT.failed;
  } finally {
    terminal.flush();
    await sessions.dispose();
  }
}

/** The mean absolute difference of alpha, 0..1, at the size of the published picture. */
async function compare(
  files: { input: Uint8Array; expected: Uint8Array },
  model: LoadedModel,
  signal: AbortSignal,
): Promise<number> {
  const { estimateMatte } = await import('../../matting/pipeline.ts');
  const picture = await openEncoded(Buffer.from(files.input));
  const { alpha } = await estimateMatte(picture, [{ model }], { depth: 16, signal });
  const published = await openEncoded(Buffer.from(files.expected));
  if (published.width !== alpha.width || published.height !== alpha.height) {
    throw new UsageError(
      `The published matte is ${published.width} x ${published.height}, its picture ${alpha.width} x ${alpha.height}.`,
    );
  }
  const { data, channels } = await published.readRaster(8);
  let sum = 0;
  for (let i = 0; i < alpha.data.length; i++) sum += Math.abs(alpha.data[i]! / 65535 - data[i * channels]! / 255);
  return sum / alpha.data.length;
}

/**
 * The model with the input format used when the results were published. The graph is the same; only the packing
 * differs.
 */
function feeding(model: LoadedModel, channels: VerifyPair['channels']): LoadedModel {
  const spec: ModelSpec = { ...model.spec, input: { ...model.spec.input, channels } };
  const { session, queue } = model;
  return { spec, session, queue, run: (input, signal) => model.run(input, signal) };
}

const nameOf = ({ input }: VerifyPair) => path.posix.basename(new URL(input.url).pathname);

/** `0.6/255`: mask differences are easier to judge in gray levels. */
const inLevels = (difference: number) => `${(difference * 255).toFixed(2)}/255`;
