import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import type { Config } from '../config/config.ts';
import { AppError } from '../errors.ts';
import type { ModelSpec } from '../registry/spec/model-spec.ts';
import { VERSION } from '../system/package-root.ts';
import { type Attempt, chooseSession } from './choose-session.ts';
import { findMissing, listProviders } from './execution-providers.ts';
import { readFreeDimensions } from './free-dimensions.ts';
import { listGraphicsCards } from './graphics-cards.ts';
import { createOrtSession } from './ort-session.ts';
import { runProbe } from './probe.ts';
import type { Provider, Session } from './session.ts';
import { openVerdictMemory } from './verdict-memory.ts';

export interface LoadOptions extends Pick<Config, 'device' | 'threads' | 'strict' | 'recheck' | 'cacheDir'> {
  /** Called with the outcome of each provider, also when none worked. */
  onAttempts?: (attempts: readonly Attempt[], spec: ModelSpec) => void;
}

/** Providers that lose nothing by open shapes. DirectML is five times slower with them, CoreML refuses some. */
const OPEN_SHAPES = new Set<Provider>(['cpu', 'cuda']);

/**
 * Loads a model on the best provider that runs it correctly. The check also warms up the session.
 * @throws {AppError} INFERENCE_FAILED when no provider of the device works, with the reason of every provider.
 */
export async function loadSession(
  spec: ModelSpec,
  weights: Uint8Array,
  { device, threads, strict, recheck, cacheDir, onAttempts }: LoadOptions,
): Promise<Session> {
  const providers = listProviders(device, { strict });
  if (providers.length === 0) {
    throw new AppError('INFERENCE_FAILED', `There is no GPU support for ${process.platform}-${process.arch}.`);
  }
  const needsCard = providers.some((provider) => provider !== 'cpu');
  const machine = needsCard ? await describeMachine() : '';
  const dimensions = readFreeDimensions(weights, spec);
  const { session, attempts } = await chooseSession({
    providers,
    range: spec.output.range,
    recheck,
    findMissing: (provider) => findMissing(provider),
    memoryOf: (provider) => openVerdictMemory(cacheDir, verdictKey(spec, provider, machine, weights)),
    open: (provider) => {
      const flexible = (spec.input.fit === 'aspect' || spec.input.open === true) && OPEN_SHAPES.has(provider);
      return createOrtSession(weights, provider, { threads, flexible, dimensions: flexible ? {} : dimensions });
    },
    probe: (opened) => runProbe(opened, spec),
  });
  onAttempts?.(attempts, spec);
  const reasons = attempts.flatMap(({ reason }) => reason ?? []).join('; ');
  if (!session) {
    const where = device === 'auto' && !strict ? '' : providers.includes('cpu') ? ' on the CPU' : ' on the GPU';
    const detail = attempts.at(-1)?.detail;
    throw new AppError('INFERENCE_FAILED', `The model "${spec.id}" could not be loaded${where}: ${reasons}.`, {
      cause: new Error(detail ?? reasons),
    });
  }
  const prefix = session.provider === 'cpu' ? 'GPU not used: ' : '';
  return { ...session, reason: reasons ? `${prefix}${reasons}.` : null };
}

/** A verdict applies to one model, provider, runtime, system and driver; a change of any triggers a new check. */
export function verdictKey(spec: ModelSpec, provider: Provider, machine: string, weights: Uint8Array): string {
  // Weights from several places have no checksum in the spec.
  const digest = spec.weights.sha256 ?? createHash('sha256').update(weights).digest('hex');
  return [spec.id, digest.slice(0, 16), provider, machine].join(' | ');
}

/** Also names Hairline's version, whose options and tolerance the verdict depends on. */
async function describeMachine(): Promise<string> {
  const cards = (await listGraphicsCards()).map(({ name, driver }) => `${name} ${driver}`.trim()).sort();
  return [
    `hairline ${VERSION}`,
    `onnxruntime ${runtimeVersion()}`,
    `${process.platform}-${process.arch} ${os.release()}`,
    ...cards,
  ].join(' | ');
}

/** Of the installed package; asking the runtime itself would load it. */
export function runtimeVersion(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
