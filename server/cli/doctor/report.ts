import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { LOOPBACK, PORTS } from '../../../protocol/limits.ts';
import type { Ready } from '../../../protocol/schemas/status.ts';
import type { Config } from '../../config/config.ts';
import { AppError } from '../../errors.ts';
import type { Attempt } from '../../inference/choose-session.ts';
import { type GraphicsCard, listGraphicsCards } from '../../inference/graphics-cards.ts';
import { loadSession, runtimeVersion } from '../../inference/load-session.ts';
import { drawPortrait } from '../../inference/probe.ts';
import type { Timings } from '../../matting/pipeline.ts';
import type { ModelRegistry } from '../../registry/model-registry.ts';
import type { ModelSpec } from '../../registry/spec/model-spec.ts';
import { probe } from '../../system/discovery.ts';
import { VERSION } from '../../system/package-root.ts';
import { isFree } from '../../system/ports.ts';

export interface SystemReport {
  versions: Record<'hairline' | 'node' | 'onnxruntime' | 'sharp' | 'libvips', string>;
  system: { name: string; release: string; arch: string };
  processor: { name: string; cores: number };
  memory: { total: number; free: number };
  graphics: readonly GraphicsCard[];
  folders: { cache: string; config: string };
  settings: { device: string; strict: boolean; model: string };
  ports: readonly PortReport[];
}

export interface PortReport {
  port: number;
  state: 'free' | 'hairline' | 'other program';
  /** Of the Hairline server listening there. */
  version: string | null;
  ready: Pick<Ready, 'ready' | 'state' | 'model' | 'provider' | 'reason'> | null;
}

export interface ModelReport {
  id: string;
  name: string;
  license: string;
  default: boolean;
  state: 'installed' | 'not downloaded' | 'damaged';
  bytes: number;
  /** Expected and, when installed, actual properties; empty when not known in advance. */
  sha256: string;
}

export interface MatteReport {
  /** Null when no model is installed. */
  model: string | null;
  attempts: readonly Attempt[];
  /** Why a faster provider is not used. */
  reason: string | null;
  matte: { width: number; height: number; provider: string; total: number; timings: Timings; covered: number } | null;
  /** Why no matte was made. */
  error: { message: string; detail: string | null } | null;
}

const TEST_SIZE = { width: 1920, height: 1280 };

/** Everything that can be reported without running a network. Never fails: what cannot be determined is `unknown`. */
export async function describeSystem(config: Config): Promise<SystemReport> {
  const [imaging, name, graphics, ports] = await Promise.all([
    // Its native part may itself be broken.
    import('../../imaging/versions.ts').then((m) => m.imagingVersions).catch(() => null),
    systemName(),
    listGraphicsCards(),
    Promise.all([...new Set([...config.ports, ...PORTS])].filter((port) => port !== 0).map(describePort)),
  ]);
  return {
    versions: {
      hairline: VERSION,
      node: process.versions.node,
      onnxruntime: runtimeVersion(),
      sharp: imaging?.sharp ?? 'does not load',
      libvips: imaging?.libvips ?? 'does not load',
    },
    system: { name, release: os.release(), arch: `${process.platform}-${process.arch}` },
    processor: { name: os.cpus()[0]?.model.trim() ?? 'unknown', cores: os.cpus().length },
    memory: { total: os.totalmem(), free: os.freemem() },
    graphics,
    folders: { cache: config.cacheDir, config: config.configDir },
    settings: { device: config.device, strict: config.strict, model: config.model },
    ports,
  };
}

async function systemName(): Promise<string> {
  if (process.platform === 'darwin') {
    const plist = await readFile('/System/Library/CoreServices/SystemVersion.plist', 'utf8').catch(() => '');
    const version = /<key>ProductVersion<\/key>\s*<string>([^<]+)/.exec(plist)?.[1];
    return version ? `macOS ${version}` : 'macOS';
  }
  if (process.platform === 'linux') {
    const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(release)?.[1] ?? 'Linux';
  }
  return os.version();
}

async function describePort(port: number): Promise<PortReport> {
  const health = await probe(port);
  if (!health) return { port, state: (await isFree(port)) ? 'free' : 'other program', version: null, ready: null };
  const ready = await fetch(`http://${LOOPBACK}:${port}/ready`, { signal: AbortSignal.timeout(2_000) })
    .then((response) => response.json() as Promise<Ready>)
    .then(({ ready, state, model, provider, reason }) => ({ ready, state, model, provider, reason }))
    .catch(() => null);
  return { port, state: 'hairline', version: health.version, ready };
}

/** Hashes every installed model. */
export async function describeModels(registry: ModelRegistry): Promise<ModelReport[]> {
  const standard = registry.resolve('auto').id;
  const models: ModelReport[] = [];
  for (const spec of registry.list()) {
    const manifest = await registry.manifest(spec);
    const bytes = spec.weights.bytes ?? manifest?.bytes ?? 0;
    const sha256 = spec.weights.sha256 ?? manifest?.sha256 ?? '';
    const state = await stateOf(registry, spec);
    const { id, name, license } = spec;
    models.push({ id, name, license: license.spdx, default: id === standard, state, bytes, sha256 });
  }
  return models;
}

async function stateOf(registry: ModelRegistry, spec: ModelSpec): Promise<ModelReport['state']> {
  try {
    await registry.readWeights(spec);
    return 'installed';
  } catch (error) {
    return error instanceof AppError && error.code === 'WEIGHTS_MISSING' ? 'not downloaded' : 'damaged';
  }
}

/** Makes one matte of a drawn portrait with the default model, or else with any installed one. Downloads nothing. */
export async function tryMatte(
  registry: ModelRegistry,
  models: readonly ModelReport[],
  config: Config,
): Promise<MatteReport> {
  const installed = models.filter(({ state }) => state === 'installed');
  const model = (installed.find((candidate) => candidate.default) ?? installed[0])?.id ?? null;
  let attempts: readonly Attempt[] = [];
  const failed = (message: string, detail: string | null): MatteReport => ({
    model,
    attempts,
    reason: null,
    matte: null,
    error: { message, detail },
  });
  if (!model) return failed('No model is installed. "npx hairline models pull" downloads the default one.', null);
  try {
    const [{ MatteService }, { openRaw }] = await Promise.all([
      import('../../matting/service.ts'),
      import('../../imaging/codec.ts'),
    ]);
    const service = new MatteService(registry, async (spec) =>
      loadSession(spec, await registry.readWeights(spec), {
        ...config,
        onAttempts: (tried) => {
          attempts = tried;
        },
      }),
    );
    try {
      await service.prepare(model);
      const { width, height } = TEST_SIZE;
      const picture = openRaw({ width, height, channels: 3, data: drawPortrait(width, height) });
      const began = performance.now();
      const { alpha, timings, provider } = await service.matte(picture, { model, depth: 8 });
      const total = performance.now() - began;
      let sum = 0;
      for (const value of alpha.data) sum += value;
      const covered = sum / (255 * alpha.data.length);
      const { reason } = await service.status(model);
      const matte = { width, height, provider, total, timings, covered };
      return { model, attempts, reason, matte, error: null };
    } finally {
      await service.dispose();
    }
  } catch (error) {
    const { message, cause } = error as Error;
    return failed(message, cause instanceof Error ? cause.message : null);
  }
}
