import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Device } from '../config/config.ts';
import type { Provider } from './session.ts';

/**
 * Providers that onnxruntime-node ships per platform, best first (README of onnxruntime-node 1.30, support table).
 * WebGPU is experimental everywhere and is only used when asked for by name.
 */
const PLATFORM: Record<string, readonly Provider[]> = {
  'win32-x64': ['dml', 'cpu'],
  'win32-arm64': ['dml', 'cpu'],
  'darwin-x64': ['coreml', 'cpu'],
  'darwin-arm64': ['coreml', 'cpu'],
  'linux-x64': ['cuda', 'cpu'],
  'linux-arm64': ['cpu'],
};

const NAMES: Record<Provider, string> = {
  cpu: 'CPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'CoreML',
  webgpu: 'WebGPU',
};

export interface Target {
  platform: string;
  arch: string;
}

/**
 * The providers to try for a device, in order. `auto` ends with the CPU; `gpu` and a provider's own name do not, so that
 * asking for a GPU fails loudly instead of running slowly. Strict leaves the first choice alone in the list, the CPU
 * only when it was asked for by name; with nothing in the list the platform has no GPU provider.
 */
export function listProviders(
  device: Device,
  { strict = false, platform = process.platform, arch = process.arch }: Partial<Target> & { strict?: boolean } = {},
): Provider[] {
  const all = PLATFORM[`${platform}-${arch}`] ?? ['cpu'];
  if (device !== 'auto' && device !== 'gpu') return [device];
  const gpus = all.filter((provider) => provider !== 'cpu');
  if (strict) return gpus.slice(0, 1);
  return device === 'gpu' ? gpus : [...all];
}

/** `DirectML`, for sentences. */
export function nameOf(provider: Provider): string {
  return NAMES[provider];
}

/** `GPU: DirectML` or `CPU`, for the panel. */
export function labelOf(provider: Provider): string {
  return provider === 'cpu' ? NAMES.cpu : `GPU: ${NAMES[provider]}`;
}

/**
 * What is missing for a provider before it is worth a try, as a plain reason. Looking first tells more than the
 * runtime's own error does, and keeps its complaints off the terminal.
 */
export function findMissing(
  provider: Provider,
  { platform, arch }: Target = process,
  exists: (file: string) => boolean = existsSync,
): string | null {
  if (provider !== 'cpu' && provider !== 'webgpu' && !PLATFORM[`${platform}-${arch}`]?.includes(provider)) {
    return `ONNX Runtime has no ${NAMES[provider]} for ${platform}-${arch}`;
  }
  if (provider !== 'cuda') return null;
  if (!exists('/proc/driver/nvidia/version') && !exists('/dev/dxg')) {
    return 'there is no NVIDIA graphics card, or its driver is not installed';
  }
  const library = path.join(runtimeFolder({ platform, arch }), 'libonnxruntime_providers_cuda.so');
  return exists(library) ? null : 'the CUDA libraries are not installed (npm run cuda)';
}

function runtimeFolder({ platform, arch }: Target): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return path.join(path.dirname(manifest), 'bin', 'napi-v6', platform, arch);
}
