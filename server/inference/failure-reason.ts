import { nameOf } from './execution-providers.ts';
import type { Difference } from './probe.ts';
import type { Provider } from './session.ts';

export const OUT_OF_MEMORY = 'did not get enough memory; other programs may be using it';
const MEMORY = /out of memory|8007000E|CUDA failure 2\b|failed to allocate memory|bad[_ ]alloc/i;

/** Known messages of ONNX Runtime and its libraries, translated for users. */
const KNOWN: readonly { matches: RegExp; only?: Provider; reason: string }[] = [
  { matches: /backend not found/i, reason: 'is not part of this ONNX Runtime' },
  { matches: /protobuf|ModelProto|No graph was found/i, reason: 'cannot read the model' },
  { matches: /libcudnn/i, reason: 'needs cuDNN 9, which is not installed' },
  { matches: /lib(cublas|cudart|cufft|curand|nvrtc)/i, reason: 'needs the CUDA 12 libraries, which are not installed' },
  {
    matches: /Failed to load (shared )?library|libonnxruntime_providers/i,
    only: 'cuda',
    reason: 'needs CUDA 12 and cuDNN 9, which are not installed completely',
  },
  { matches: /no CUDA-capable device|CUDA failure 100\b/i, reason: 'found no NVIDIA graphics card' },
  { matches: /driver version is insufficient|CUDA failure 35\b/i, reason: 'needs a newer NVIDIA driver' },
  { matches: /no kernel image|CUDA failure 209\b/i, reason: 'does not support a graphics card of this age' },
  { matches: MEMORY, reason: OUT_OF_MEMORY },
  {
    matches: /887A000[567]|887A0020|device.{0,20}(removed|hung|lost|suspended)/i,
    reason: 'lost the graphics card; its driver was reset, updating it may help',
  },
  { matches: /887A0004/i, only: 'dml', reason: 'needs a graphics card and driver for DirectX 12' },
  { matches: /80070057|887A0002/i, only: 'dml', reason: 'found no graphics card for DirectX 12' },
  {
    matches: /No supported adapters|WebGPU adapter/i,
    only: 'webgpu',
    reason: 'found no graphics card that it can use',
  },
  { matches: /compil|CoreML/i, only: 'coreml', reason: 'could not translate the model' },
];

/** Where the runtime itself does not load, no provider does. */
const RUNTIME: readonly { matches: RegExp; reason: string }[] = [
  {
    matches: /Cannot find module.*onnxruntime_binding|no native build/i,
    reason: `ONNX Runtime is not made for ${process.platform}-${process.arch}`,
  },
  {
    matches: /specified (module|procedure) could not be found|not a valid Win32 application|dynamic link library/i,
    reason:
      'ONNX Runtime could not start: install the latest Microsoft Visual C++ Redistributable (2015-2022), then try again',
  },
  { matches: /GLIBC|dlopen|cannot open shared object/i, reason: 'ONNX Runtime could not start on this system' },
];

/** Why a provider did not start or run, as part of a sentence. The raw text goes to the log and `hairline doctor`. */
export function explainFailure(provider: Provider, error: unknown): string {
  const raw = rawText(error);
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ERR_DLOPEN_FAILED' || code === 'MODULE_NOT_FOUND') {
    return RUNTIME.find(({ matches }) => matches.test(raw))?.reason ?? 'ONNX Runtime could not start';
  }
  const known = KNOWN.find(({ matches, only }) => (only ?? provider) === provider && matches.test(raw));
  return `${nameOf(provider)} ${known?.reason ?? 'did not start'}`;
}

/** Whether a run failed only for lack of memory. */
export function isOutOfMemory(error: unknown): boolean {
  return MEMORY.test(rawText(error));
}

export function explainNonsense(provider: Provider, nonsense: 'nan' | 'flat'): string {
  const what = nonsense === 'nan' ? 'values that are not numbers' : 'one flat value';
  return `${nameOf(provider)} answered the check with ${what}`;
}

export function explainDifference(provider: Provider, { mean, p999 }: Difference): string {
  return `${nameOf(provider)} returned a different result than the CPU (mean difference ${round(mean)}, largest ${round(p999)})`;
}

export function explainCrash(provider: Provider): string {
  return `${nameOf(provider)} crashed in an earlier check (run "hairline doctor --recheck" to try again)`;
}

/** Everything the error says, on one line. */
export function rawText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
}

const round = (share: number) => (Number.isFinite(share) ? String(Math.round(share * 1000) / 1000) : 'unknown');
