import type { Config } from '../config/config.ts';

/** The part of the configuration that the engine needs; secrets stay with the HTTP side. */
const KEYS = [
  'model',
  'device',
  'strict',
  'recheck',
  'threads',
  'cacheDir',
  'maxCacheBytes',
  'keepMattesFor',
  'unloadAfter',
  'keepLoaded',
] as const satisfies readonly (keyof Config)[];

export type EngineConfig = Pick<Config, (typeof KEYS)[number]>;

export function pickEngineConfig(config: Config): EngineConfig {
  return Object.fromEntries(KEYS.map((key) => [key, config[key]])) as EngineConfig;
}
