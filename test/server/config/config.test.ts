import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PORTS } from '../../../protocol/limits.ts';
import { showConfig } from '../../../server/cli/config.ts';
import {
  ConfigError,
  DEVICES,
  LOG_LEVELS,
  loadConfig,
  loadUserConfig,
  readSettingsFile,
  resolveConfig,
} from '../../../server/config/config.ts';
import { SETTINGS as TABLE } from '../../../server/config/settings.ts';
import { recordTerminal } from '../cli/recorder.ts';

describe('loadConfig', () => {
  it('has a default for everything', () => {
    const config = loadConfig({}, {});
    expect(config).toMatchObject({ ports: PORTS, device: 'auto', logLevel: 'info', threads: 0 });
    expect(config.maxJobs).toBeGreaterThan(0);
    expect(config.cacheDir).toMatch(/hairline/i);
    expect(config.configDir).not.toBe('');
    expect(Object.isFrozen(config)).toBe(true);
  });

  const SETTINGS = [
    ['port', 'HAIRLINE_PORT', '8001', '8002', 'ports', [8001], [8002]],
    ['model', 'HAIRLINE_MODEL', 'one', 'two', 'model', 'one', 'two'],
    ['device', 'HAIRLINE_DEVICE', 'cpu', 'cuda', 'device', 'cpu', 'cuda'],
    ['host', 'HAIRLINE_HOST', '0.0.0.0', 'localhost', 'host', '0.0.0.0', '127.0.0.1'],
    ['hostNames', 'HAIRLINE_HOST_NAMES', 'A, b:1', 'c', 'hostNames', ['a', 'b:1'], ['c']],
    ['cacheDir', 'HAIRLINE_CACHE', 'a', 'b', 'cacheDir', 'a', 'b'],
    ['logDir', 'HAIRLINE_LOG_DIR', 'a', 'b', 'logDir', 'a', 'b'],
    ['configDir', 'HAIRLINE_CONFIG', 'a', 'b', 'configDir', 'a', 'b'],
    ['logLevel', 'HAIRLINE_LOG', 'warn', 'debug', 'logLevel', 'warn', 'debug'],
    ['maxJobs', 'HAIRLINE_MAX_JOBS', '1', '2', 'maxJobs', 1, 2],
    ['maxJobBytes', 'HAIRLINE_MAX_JOB_BYTES', '1000', '2000', 'maxJobBytes', 1000, 2000],
    ['requestTimeout', 'HAIRLINE_REQUEST_TIMEOUT', '10', '20', 'requestTimeout', 10, 20],
    ['threads', 'HAIRLINE_THREADS', '1', '2', 'threads', 1, 2],
  ] as const;
  it.each(SETTINGS)('%s: flag over %s over default', (flag, variable, given, env, key, fromFlag, fromEnv) => {
    expect(loadConfig({ [flag]: given }, { [variable]: env })[key]).toEqual(fromFlag);
    expect(loadConfig({}, { [variable]: env })[key]).toEqual(fromEnv);
    expect(loadConfig({ [flag]: undefined }, { [variable]: env })[key]).toEqual(fromEnv);
    expect(loadConfig({ [flag]: '' }, { [variable]: env })[key]).toEqual(fromEnv);
    expect(loadConfig({}, { [variable]: '' })[key]).toEqual(loadConfig({}, {})[key]);
  });

  it('takes numbers from programs', () => {
    expect(loadConfig({ port: 0, threads: 3 }, {})).toMatchObject({ ports: [0], threads: 3 });
  });

  it.each([
    [{ port: '65536' }, {}, '--port must be a whole number from 0 to 65535, not "65536".'],
    [{ port: '-1' }, {}, '--port must'],
    [{ port: '80.5' }, {}, '--port must'],
    [{ port: 'http' }, {}, '--port must'],
    [{ port: ' ' }, {}, '--port must'],
    [{ port: '0x50' }, {}, '--port must'],
    [{ port: '1e3' }, {}, '--port must'],
    [{ port: Number.NaN }, {}, '--port must'],
    [{}, { HAIRLINE_PORT: '70000' }, 'HAIRLINE_PORT must'],
    [{ device: 'CPU' }, {}, '--device must'],
    [{ device: 'toString' }, {}, '--device must'],
    [{ logLevel: 'loud' }, {}, '--log-level must'],
    [{ threads: '257' }, {}, '--threads must'],
    [{ host: 'studio.local' }, {}, '--host must'],
    [{ hostNames: 'a b' }, {}, '--host-names must'],
    [{ hostNames: 'http://a' }, {}, '--host-names must'],
    [{}, { HAIRLINE_CACHE: '  ' }, 'HAIRLINE_CACHE must be the path of a folder'],
    [{}, { HAIRLINE_MAX_JOBS: '0' }, 'HAIRLINE_MAX_JOBS must'],
    [{}, { HAIRLINE_MAX_JOB_BYTES: 'many' }, 'HAIRLINE_MAX_JOB_BYTES must'],
    [{}, { HAIRLINE_REQUEST_TIMEOUT: '0' }, 'HAIRLINE_REQUEST_TIMEOUT must'],
    [{ maxJobs: 0 }, {}, 'maxJobs must'],
  ])('%j %j: %s', (flags, env, sentence) => {
    expect(() => loadConfig(flags, env)).toThrow(ConfigError);
    expect(() => loadConfig(flags, env)).toThrow(sentence);
  });

  it('names every choice', () => {
    expect(() => loadConfig({ device: 'x' }, {})).toThrow(DEVICES.join(', '));
    expect(() => loadConfig({ logLevel: 'x' }, {})).toThrow(LOG_LEVELS.join(', '));
  });

  it('has names and variables of its own for each setting', () => {
    const rows: { env: string; flag?: string; name?: string }[] = Object.values(TABLE);
    for (const names of [rows.map(({ env }) => env), rows.flatMap(({ flag }) => flag ?? [])])
      expect(new Set(names).size).toBe(names.length);
  });
});

describe('the settings file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'hairline ü settings '));
    file = path.join(folder, 'config.json');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const env = () => ({ HAIRLINE_CONFIG: folder });
  const write = (text: string) => writeFileSync(file, text);

  it('may be missing', () => {
    expect(loadUserConfig({}, env())).toEqual(loadConfig({}, env()));
    expect(loadUserConfig({}, { HAIRLINE_CONFIG: path.join(folder, 'not', 'there') }).maxJobs).toBe(8);
  });

  it('goes before the default and behind the environment and flags', () => {
    write('\ufeff{"port": 8001, "strict": true, "maxJobs": 3, "hostNames": ["a", "b:1"], "model": "one"}');
    expect(loadUserConfig({}, env())).toMatchObject({
      ports: [8001],
      strict: true,
      maxJobs: 3,
      hostNames: ['a', 'b:1'],
    });
    expect(loadUserConfig({}, { ...env(), HAIRLINE_MODEL: 'two' }).model).toBe('two');
    expect(loadUserConfig({ model: 'three' }, { ...env(), HAIRLINE_MODEL: 'two' }).model).toBe('three');
    expect(resolveConfig({ port: 1 }, { HAIRLINE_MODEL: 'two' }, readSettingsFile(file))).toEqual(
      expect.arrayContaining([
        { key: 'ports', name: 'port', value: [1], origin: '--port' },
        { key: 'model', name: 'model', value: 'two', origin: 'HAIRLINE_MODEL' },
        { key: 'maxJobs', name: 'maxJobs', value: 3, origin: file },
        { key: 'threads', name: 'threads', value: 0, origin: 'default' },
      ]),
    );
  });

  it('means the same folder wherever the program is started', () => {
    write('{"cacheDir": "models"}');
    expect(loadUserConfig({}, env()).cacheDir).toBe(path.join(folder, 'models'));
  });

  it.each([
    ['{"prot": 1}', '"prot" in FILE is not a setting. Settings are: port, host,'],
    ['{"configDir": "x"}', '"configDir" in FILE is not a setting.'],
    ['{"__proto__": 1}', '"__proto__" in FILE is not a setting.'],
    ['{"port": 70000}', '"port" in FILE must be a whole number from 0 to 65535, not "70000".'],
    ['{"port": null}', '"port" in FILE must be a whole number from 0 to 65535, not null.'],
    ['{"model": {}}', '"model" in FILE must be the id of a model, not {}.'],
    ['{"device": "CPU"}', '"device" in FILE must be one of auto,'],
    ['[]', 'FILE must hold one object'],
    ['"port"', 'FILE must hold one object'],
    ['{"port": 1,}', 'FILE is not JSON'],
    ['', 'FILE is not JSON'],
  ])('%s is refused in one sentence', (text, sentence) => {
    write(text);
    const load = () => loadUserConfig({}, env());
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(sentence.replace('FILE', file));
  });

  it('is refused when it cannot be read', () => {
    mkdirSync(file);
    expect(() => loadUserConfig({}, env())).toThrow(`Cannot read ${file} (EISDIR).`);
  });

  it('is shown with the origin of each value', () => {
    write('{"maxJobs": 3}');
    const shown = recordTerminal();
    showConfig(shown.terminal, { ...env(), HAIRLINE_MODEL: 'one' });
    expect(shown.out).toMatch(/^port +7866, 7867, 7868, 7869 +default +port to listen on$/m);
    expect(shown.out).toMatch(/^model +one +HAIRLINE_MODEL /m);
    expect(shown.out.split('\n').find((line) => line.startsWith('maxJobs '))).toContain(file);
    const json = recordTerminal();
    showConfig(json.terminal, env(), { json: true });
    expect(JSON.parse(json.out).maxJobs).toEqual({ value: 3, origin: file });
    const where = recordTerminal();
    showConfig(where.terminal, env(), { path: true });
    expect(where.out).toBe(`${file}\n`);
  });
});
