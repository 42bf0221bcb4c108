import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { diagnose } from '../../../../server/cli/doctor/doctor.ts';
import { run } from '../../../../server/cli/main.ts';
import { type Config, loadConfig } from '../../../../server/config/config.ts';
import { redact } from '../../../../server/log/redact.ts';
import { createModelRegistry } from '../../../../server/registry/cached-registry.ts';
import { VERSION } from '../../../../server/system/package-root.ts';
import { buildStandIn, startStandInServer } from '../../../fixtures/stand-in.ts';
import { recordTerminal } from '../recorder.ts';

const NAME = 'zerlina-q';
let base: string;
let home: string;

beforeEach(() => {
  base = mkdtempSync(path.join(os.tmpdir(), 'hairline-doctor-'));
  home = path.join(base, NAME);
  mkdirSync(home);
  vi.stubEnv('HOME', home);
  vi.stubEnv('USERPROFILE', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true, force: true });
});

/** A home folder with the stand-in as its only model, and the doctor's findings there. */
async function doctor(
  settings: Partial<Config> = {},
  { weights, json = false }: { weights?: 'none' | 'damaged' | Uint8Array; json?: boolean } = {},
) {
  const stand = buildStandIn(64);
  const onnx = weights instanceof Uint8Array ? weights : stand.onnx;
  const specs = path.join(home, 'specs');
  mkdirSync(path.join(specs, 'stand-in'), { recursive: true });
  const spec = weights instanceof Uint8Array ? await respec(stand.spec, onnx) : stand.spec;
  writeFileSync(path.join(specs, 'stand-in', 'model.json'), JSON.stringify(spec));
  const cacheDir = path.join(home, 'cache');
  const folder = path.join(cacheDir, 'models', 'stand-in');
  mkdirSync(folder, { recursive: true });
  if (weights !== 'none') {
    writeFileSync(path.join(folder, spec.weights.file), weights === 'damaged' ? new Uint8Array(onnx.length) : onnx);
  }
  const config: Config = {
    ...loadConfig({ model: 'stand-in', device: 'cpu', threads: 1 }, {}),
    cacheDir,
    configDir: path.join(home, 'config'),
    ...settings,
  };
  const registry = createModelRegistry({ modelsDirs: [specs], cacheDir, defaultModel: 'stand-in' });
  const recorder = recordTerminal();
  const code = await diagnose(config, registry, recorder.terminal, { json });
  return { code, out: recorder.out, lines: recorder.lines };
}

async function respec(spec: ReturnType<typeof buildStandIn>['spec'], bytes: Uint8Array) {
  const { sha256 } = await import('../../../../server/registry/install/checksum.ts');
  return { ...spec, weights: { ...spec.weights, bytes: bytes.length, sha256: sha256(bytes) } };
}

test('one page with everything a bug report needs, and nothing about the person', async () => {
  const { code, out, lines } = await doctor();
  expect(code).toBe(0);
  expect(lines.length).toBeLessThan(60);
  for (const fact of [
    `Hairline      ${VERSION}`,
    `Node          ${process.versions.node}`,
    'ONNX Runtime  1.',
    'libvips',
    `${process.platform}-${process.arch}`,
    'Graphics',
    'checksum ok',
    'CPU       used, loaded in',
    '1920 x 1280 pixels in',
    'Masks can be made. CPU.',
  ]) {
    expect(out).toContain(fact);
  }
  expect(out).toContain(`Cache folder  ~${path.sep}cache`);
  expect(out).not.toContain(NAME);
  expect(out).not.toContain(home);
});

test('the same as JSON', async () => {
  const { code, out } = await doctor({}, { json: true });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    versions: { hairline: VERSION },
    folders: { cache: `~${path.sep}cache`, config: `~${path.sep}config` },
    settings: { device: 'cpu', strict: false, model: 'stand-in' },
    models: [{ id: 'stand-in', state: 'installed', default: true }],
    test: { attempts: [{ provider: 'cpu', outcome: 'used' }], matte: { width: 1920, provider: 'cpu' }, error: null },
  });
  expect(out).not.toContain(NAME);
});

test('without a model it says so, fetches none, and fails', async () => {
  const { code, out } = await doctor({}, { weights: 'none' });
  expect(code).toBe(1);
  expect(out).toContain('not downloaded');
  expect(out).toContain('Masks cannot be made. No model is installed.');
});

test('a damaged model is called that', async () => {
  const { code, out } = await doctor({}, { weights: 'damaged' });
  expect(code).toBe(1);
  expect(out).toContain('MIT: damaged, default');
});

test('a network that does not load: the reason, the runtime’s own words, no path', async () => {
  const { code, out } = await doctor({}, { weights: new Uint8Array(64).fill(1) });
  expect(code).toBe(1);
  expect(out).toContain('CPU       refused: CPU');
  expect(out).toContain('Masks cannot be made. The model "stand-in" could not be loaded');
  expect(out).not.toContain(NAME);
});

test('a provider that cannot work here is refused with its reason', async () => {
  const device = process.platform === 'darwin' ? 'dml' : 'coreml';
  const { code, out } = await doctor({ device });
  expect(code).toBe(1);
  expect(out).toMatch(/missing: ONNX Runtime has no (CoreML|DirectML) for/);
});

test('ports: a server of ours, another program', async () => {
  const server = await startStandInServer();
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  try {
    const { out } = await doctor({ ports: [server.port, port] });
    expect(out).toContain(`${server.port} Hairline ${VERSION}, model stand-in ready on cpu`);
    expect(out).toContain(`${port} taken by another program`);
  } finally {
    other.close();
    await server.close();
  }
});

test('--recheck forgets what was remembered', async () => {
  const file = path.join(home, 'cache', 'providers.json');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '{"version":1,"verdicts":{}}');
  await doctor();
  expect(existsSync(file)).toBe(true);
  await doctor({ recheck: true });
  expect(existsSync(file)).toBe(false);
});

test('it is a command', async () => {
  const recorder = recordTerminal();
  expect(await run(['doctor', '--help'], recorder.terminal)).toBe(0);
  expect(recorder.out).toContain('--recheck');
  expect(await run(['doctor', '--device', 'tpu'], recorder.terminal)).toBe(2);
});

test('redaction: every spelling of the home folder, the name alone, and no more than that', () => {
  expect(redact(`${home}${path.sep}a and ${home}`)).toBe(`~${path.sep}a and ~`);
  expect(redact(`${home}x`)).toBe(path.join(base, `${NAME}x`));
  expect(redact([{ detail: `/mnt/${NAME.toUpperCase()}/b` }, 3, null])).toEqual([{ detail: '/mnt/<user>/b' }, 3, null]);
});

test.runIf(process.platform !== 'win32')('redaction on Windows: backslashes, escaped or not', () => {
  vi.stubEnv('HOME', 'C:\\Users\\Zoë Q');
  expect(redact('C:\\Users\\Zoë Q\\x c:/users/zoë q/x "C:\\\\Users\\\\Zoë Q\\\\x"')).toBe('~\\x ~/x "~\\\\x"');
});
