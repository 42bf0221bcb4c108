import { describe, expect, it } from 'vitest';
import { PORTS } from '../../protocol/limits.ts';
import { ConfigError, DEVICES, LOG_LEVELS, loadConfig } from '../../server/config.ts';

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
    ['cacheDir', 'HAIRLINE_CACHE', 'a', 'b', 'cacheDir', 'a', 'b'],
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
    [{ port: '65536' }, {}, '--port (HAIRLINE_PORT)'],
    [{ port: '-1' }, {}, '--port (HAIRLINE_PORT)'],
    [{ port: '80.5' }, {}, '--port (HAIRLINE_PORT)'],
    [{ port: 'http' }, {}, '--port (HAIRLINE_PORT)'],
    [{ port: ' ' }, {}, '--port (HAIRLINE_PORT)'],
    [{ port: '0x50' }, {}, '--port (HAIRLINE_PORT)'],
    [{ port: '1e3' }, {}, '--port (HAIRLINE_PORT)'],
    [{ port: Number.NaN }, {}, '--port (HAIRLINE_PORT)'],
    [{}, { HAIRLINE_PORT: '70000' }, '--port (HAIRLINE_PORT)'],
    [{ device: 'CPU' }, {}, '--device (HAIRLINE_DEVICE)'],
    [{ device: 'toString' }, {}, '--device (HAIRLINE_DEVICE)'],
    [{ logLevel: 'loud' }, {}, '--log-level (HAIRLINE_LOG)'],
    [{ threads: '257' }, {}, '--threads (HAIRLINE_THREADS)'],
    [{}, { HAIRLINE_MAX_JOBS: '0' }, 'HAIRLINE_MAX_JOBS'],
    [{}, { HAIRLINE_MAX_JOB_BYTES: 'many' }, 'HAIRLINE_MAX_JOB_BYTES'],
    [{}, { HAIRLINE_REQUEST_TIMEOUT: '0' }, 'HAIRLINE_REQUEST_TIMEOUT'],
  ])('%j %j names %s', (flags, env, name) => {
    expect(() => loadConfig(flags, env)).toThrow(ConfigError);
    expect(() => loadConfig(flags, env)).toThrow(name);
  });

  it('names every choice', () => {
    expect(() => loadConfig({ device: 'x' }, {})).toThrow(DEVICES.join(', '));
    expect(() => loadConfig({ logLevel: 'x' }, {})).toThrow(LOG_LEVELS.join(', '));
  });
});
