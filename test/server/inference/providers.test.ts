import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../../server/config/config.ts';
import { type Candidates, chooseSession } from '../../../server/inference/choose-session.ts';
import { findMissing, labelOf, listProviders } from '../../../server/inference/execution-providers.ts';
import { explainFailure } from '../../../server/inference/failure-reason.ts';
import { compareAnswers, isSameAnswer } from '../../../server/inference/probe.ts';
import type { Provider, Session } from '../../../server/inference/session.ts';
import type { Verdict, VerdictMemory } from '../../../server/inference/verdict-memory.ts';

const WINDOWS = { platform: 'win32', arch: 'x64' };
const RIGHT = Float32Array.from({ length: 1000 }, (_, i) => i / 1000);

/** A computer whose providers answer as told: with values, or with an error on opening or running. */
function fakeComputer(
  answers: Partial<Record<Provider, Float32Array | Error>>,
  {
    known = {},
    missing = {},
    ...settings
  }: Partial<Candidates> & {
    known?: Partial<Record<Provider, Verdict>>;
    missing?: Partial<Record<Provider, string>>;
  } = {},
) {
  const log: string[] = [];
  const memories: Partial<Record<Provider, Verdict>> = { ...known };
  const memoryOf = (provider: Provider): VerdictMemory => ({
    recall: () => memories[provider] ?? null,
    begin: () => log.push(`begin ${provider}`),
    end(verdict) {
      if (verdict) memories[provider] = verdict;
      else delete memories[provider];
    },
  });
  const candidates: Candidates = {
    providers: ['dml', 'cpu'],
    range: [0, 1],
    recheck: false,
    findMissing: (provider) => missing[provider] ?? null,
    memoryOf,
    async open(provider) {
      log.push(`open ${provider}`);
      if (!(provider in answers)) throw new Error(`no available backend found. ERR: [${provider}] backend not found.`);
      return fakeSession(provider, () => log.push(`dispose ${provider}`));
    },
    async probe({ provider }) {
      const answer = answers[provider];
      if (answer instanceof Float32Array) return answer;
      throw answer;
    },
    ...settings,
  };
  return { candidates, log, memories };
}

function fakeSession(provider: Provider, disposed: () => void): Session {
  return {
    provider,
    flexible: false,
    reason: null,
    inputNames: [],
    outputNames: [],
    run: async () => ({}),
    dispose: async () => disposed(),
  };
}

test.each([
  ['auto', false, ['dml', 'cpu']],
  ['gpu', false, ['dml']],
  ['cpu', false, ['cpu']],
  ['webgpu', false, ['webgpu']],
  ['auto', true, ['dml']],
  ['gpu', true, ['dml']],
  ['cpu', true, ['cpu']],
] as const)('on Windows, %s with strict %s tries %j', (device, strict, providers) => {
  expect(listProviders(device, { ...WINDOWS, strict })).toEqual(providers);
});

test('every platform ends with the CPU, and one without a GPU provider has nothing strict to offer', () => {
  expect(listProviders('auto', { platform: 'darwin', arch: 'arm64' })).toEqual(['coreml', 'cpu']);
  expect(listProviders('auto', { platform: 'linux', arch: 'x64' })).toEqual(['cuda', 'cpu']);
  expect(listProviders('auto', { platform: 'freebsd', arch: 'x64' })).toEqual(['cpu']);
  expect(listProviders('auto', { platform: 'linux', arch: 'arm64', strict: true })).toEqual([]);
});

test('a provider that cannot work is known before it is tried', () => {
  const linux = { platform: 'linux', arch: 'x64' };
  expect(findMissing('dml', linux)).toBe('ONNX Runtime has no DirectML for linux-x64');
  expect(findMissing('dml', WINDOWS)).toBeNull();
  expect(findMissing('cuda', linux, () => false)).toContain('no NVIDIA graphics card');
  expect(findMissing('cuda', linux, (file) => !file.endsWith('.so'))).toContain('npm run cuda');
  expect(findMissing('cuda', linux, () => true)).toBeNull();
});

test('a GPU that answers like the CPU is used, and remembered', async () => {
  const { candidates, log, memories } = fakeComputer({ dml: RIGHT.map((v) => v + 0.001), cpu: RIGHT });
  const { session, attempts } = await chooseSession(candidates);
  expect(session?.provider).toBe('dml');
  expect(attempts).toMatchObject([{ provider: 'dml', outcome: 'used', reason: null }]);
  expect(attempts[0]?.difference?.mean).toBeCloseTo(0.001, 4);
  expect(memories.dml).toEqual({ verdict: 'passed' });
  expect(log).toEqual(['begin dml', 'open dml', 'open cpu', 'dispose cpu']);
});

test.each([
  ['NaN', RIGHT.map((v, i) => (i === 7 ? Number.NaN : v)), 'values that are not numbers'],
  ['flat', new Float32Array(1000), 'one flat value'],
  ['different', RIGHT.map((v) => 1 - v), 'different result than the CPU (mean difference 0.5'],
  [
    'a strip of wrong values',
    RIGHT.map((v, i) => (i < 4 ? 1 : v)),
    'different result than the CPU (mean difference 0.004',
  ],
])('%s: the GPU is ruled out, the CPU is loaded once, and the next start knows', async (_name, answer, reason) => {
  const { candidates, log, memories } = fakeComputer({ dml: answer, cpu: RIGHT });
  const { session, attempts } = await chooseSession(candidates);
  expect(session?.provider).toBe('cpu');
  expect(attempts).toMatchObject([
    { provider: 'dml', outcome: 'wrong', reason: expect.stringMatching(/^DirectML (answered|returned) /) },
    { provider: 'cpu', outcome: 'used' },
  ]);
  expect(attempts[0]?.reason).toContain(reason);
  expect(log.filter((line) => line === 'open cpu')).toHaveLength(1);
  expect(log).toContain('dispose dml');
  expect(log).not.toContain('dispose cpu');

  log.length = 0;
  const second = await chooseSession({ ...candidates, memoryOf: () => recalling(memories.dml ?? null) });
  expect(second.attempts[0]).toMatchObject({ outcome: 'remembered', reason: attempts[0]?.reason });
  expect(log).toEqual(['open cpu']);
});

test('a GPU that refuses to start is tried again next time', async () => {
  const { candidates, memories } = fakeComputer({ dml: new Error('Exception(1) tid(93ac) 887A0006 hung'), cpu: RIGHT });
  const { session, attempts } = await chooseSession(candidates);
  expect(session?.provider).toBe('cpu');
  expect(attempts[0]).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('lost the graphics card'),
    detail: expect.stringContaining('887A0006'),
  });
  expect(memories.dml).toBeUndefined();
});

test('one that passed before is not compared again, but still checked for nonsense', async () => {
  const known = { dml: { verdict: 'passed' } } as const;
  const good = fakeComputer({ dml: RIGHT, cpu: RIGHT }, { known });
  expect((await chooseSession(good.candidates)).session?.provider).toBe('dml');
  expect(good.log).toEqual(['open dml']);

  const bad = fakeComputer({ dml: new Float32Array(1000), cpu: RIGHT }, { known });
  expect((await chooseSession(bad.candidates)).session?.provider).toBe('cpu');
  expect(bad.memories.dml).toMatchObject({ verdict: 'failed' });
});

test('one that crashed is left alone until a recheck', async () => {
  const known = { dml: { verdict: 'crashed' } } as const;
  const { candidates, log } = fakeComputer({ dml: RIGHT, cpu: RIGHT }, { known });
  const { attempts } = await chooseSession(candidates);
  expect(attempts[0]).toMatchObject({ outcome: 'remembered', reason: expect.stringContaining('--recheck') });
  expect(log).not.toContain('open dml');
  expect((await chooseSession({ ...candidates, recheck: true })).session?.provider).toBe('dml');
});

test('what is missing is said without a trial', async () => {
  const { candidates, log } = fakeComputer({ dml: RIGHT, cpu: RIGHT }, { missing: { dml: 'there is no card' } });
  const { attempts } = await chooseSession(candidates);
  expect(attempts[0]).toMatchObject({ outcome: 'missing', reason: 'there is no card' });
  expect(log).toEqual(['open cpu']);
});

test('without the CPU in the list nothing is left after a failure', async () => {
  const { candidates, log } = fakeComputer({ dml: new Float32Array(1000), cpu: RIGHT }, { providers: ['dml'] });
  expect(await chooseSession(candidates)).toMatchObject({ session: null, attempts: [{ outcome: 'wrong' }] });
  expect(log.filter((line) => line.startsWith('dispose'))).toEqual(['dispose dml']);
});

test('a GPU that cannot be compared is not trusted, and not condemned either', async () => {
  const { candidates, memories } = fakeComputer({ dml: RIGHT, cpu: new Error('bad_alloc') });
  const { session, attempts } = await chooseSession(candidates);
  expect(session).toBeNull();
  expect(attempts).toMatchObject([
    { reason: 'DirectML could not be compared with the CPU', detail: 'bad_alloc' },
    { reason: 'CPU did not get enough memory; other programs may be using it' },
  ]);
  expect(memories.dml).toBeUndefined();
});

test('the comparer: range, single outliers, clamping, NaN', () => {
  const outlier = RIGHT.map((v, i) => (i === 0 ? 1 : v));
  expect(isSameAnswer(compareAnswers(outlier, RIGHT, [0, 1]))).toBe(true);
  expect(compareAnswers(Float32Array.of(2, -3), Float32Array.of(1, 0), [0, 1])).toEqual({ mean: 0, p999: 0 });
  expect(compareAnswers(Float32Array.of(51), Float32Array.of(0), [0, 255]).mean).toBeCloseTo(0.2);
  expect(isSameAnswer(compareAnswers(Float32Array.of(Number.NaN), Float32Array.of(0), [0, 1]))).toBe(false);
  expect(isSameAnswer(compareAnswers(Float32Array.of(0, 0), Float32Array.of(0), [0, 1]))).toBe(false);
});

test.each([
  ['cuda', 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library', 'CUDA 12 and cuDNN 9'],
  ['cuda', 'libcudnn.so.9: cannot open shared object file: No such file or directory', 'needs cuDNN 9'],
  ['cuda', 'libcublasLt.so.12: cannot open shared object file', 'needs the CUDA 12 libraries'],
  ['dml', 'dml_provider_factory.cc(520) Exception(1) tid(93ac) 887A0004', 'DirectX 12'],
  ['webgpu', 'Failed to get a WebGPU adapter: No supported adapters\n', 'found no graphics card'],
  ['coreml', 'something never seen before', 'CoreML did not start'],
] as const)('%s: %s', (provider, raw, reason) => {
  expect(explainFailure(provider, new Error(raw))).toContain(reason);
});

test('a runtime that does not load is not blamed on the provider', () => {
  const error = Object.assign(new Error('The specified module could not be found.\r\n\\\\?\\C:\\binding.node'), {
    code: 'ERR_DLOPEN_FAILED',
  });
  expect(explainFailure('cpu', error)).toContain('Visual C++ Redistributable');
});

test('strict and recheck are switches of the command line and the environment', () => {
  expect(loadConfig({}, {})).toMatchObject({ strict: false, recheck: false });
  expect(loadConfig({ strict: true }, {}).strict).toBe(true);
  expect(loadConfig({}, { HAIRLINE_STRICT: '1', HAIRLINE_RECHECK: 'no' })).toMatchObject({
    strict: true,
    recheck: false,
  });
  expect(() => loadConfig({}, { HAIRLINE_STRICT: 'perhaps' })).toThrow(ConfigError);
});

test('labels for the panel', () => {
  expect([labelOf('dml'), labelOf('cpu')]).toEqual(['GPU: DirectML', 'CPU']);
});

function recalling(verdict: Verdict | null): VerdictMemory {
  return { recall: () => verdict, begin: () => undefined, end: () => undefined };
}
