import type { Device } from '../config.ts';
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

/**
 * The providers to try for a device, in order. `auto` ends with the CPU; `gpu` and a provider's own name do not, so that
 * asking for a GPU fails loudly instead of running slowly.
 */
export function listProviders(
  device: Device,
  platform: string = process.platform,
  arch: string = process.arch,
): Provider[] {
  const all = PLATFORM[`${platform}-${arch}`] ?? ['cpu'];
  if (device === 'auto') return [...all];
  if (device === 'gpu') return all.filter((provider) => provider !== 'cpu');
  return [device];
}
