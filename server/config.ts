import envPaths from 'env-paths';
import { PORTS } from '../protocol/limits.ts';

/** What a user asks for: `auto` and `gpu` pick among the platform's execution providers, the rest name one. */
export const DEVICES = ['auto', 'gpu', 'cpu', 'cuda', 'dml', 'coreml', 'webgpu'] as const;
export type Device = (typeof DEVICES)[number];

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Config {
  /** Ports to try in order; `[0]` takes any free one. */
  readonly ports: readonly number[];
  /** Model that `model=auto` runs; `auto` chooses by subject among those installed. */
  readonly model: string;
  readonly device: Device;
  /** Whether the platform's first GPU provider is demanded: loading fails rather than falls back. */
  readonly strict: boolean;
  /** Whether providers are checked again that an earlier start has judged. */
  readonly recheck: boolean;
  /** Where weights are kept. */
  readonly cacheDir: string;
  /** Where the discovery file is kept. */
  readonly configDir: string;
  readonly logLevel: LogLevel;
  /** Requests accepted at a time, the running one included; more are answered QUEUE_FULL. */
  readonly maxJobs: number;
  /** Bytes of request bodies held at a time; a single body may exceed it, a second one then waits outside. */
  readonly maxJobBytes: number;
  /** Pictures worked on at a time: while the network runs for one, another is read and a third one written. */
  readonly concurrency: number;
  /** Milliseconds that one picture may be worked on. */
  readonly maxJobTime: number;
  /** Bytes of results of jobs that are kept until they are fetched. */
  readonly maxResultBytes: number;
  /** Milliseconds after its end that a job is forgotten with its result. */
  readonly keepJobsFor: number;
  /** Whether pictures are also fetched from addresses of this computer and of private networks. */
  readonly allowPrivateUrls: boolean;
  /** Bytes of finished mattes and their pictures that are kept for edge controls. */
  readonly maxCacheBytes: number;
  /** Milliseconds after its last use that a kept matte is dropped. */
  readonly keepMattesFor: number;
  /** Milliseconds a request may take to arrive in full. */
  readonly requestTimeout: number;
  /** Threads of the CPU execution provider; 0 lets ONNX Runtime choose. */
  readonly threads: number;
}

/** Command-line flags by the same names; what is absent comes from the environment, else from the default. */
export type Flags = { -readonly [K in keyof Omit<Config, 'ports'>]?: string | number | boolean | undefined } & {
  port?: string | number | undefined;
};

export class ConfigError extends Error {
  override name = 'ConfigError';
}

const folders = envPaths('hairline', { suffix: '' });

/**
 * Resolves every setting once: flag, else environment variable, else default.
 * @throws {ConfigError} naming the setting and what it accepts.
 */
export function loadConfig(flags: Flags = {}, env: NodeJS.ProcessEnv = process.env): Config {
  const pick = (flag: keyof Flags, variable: string): string | undefined => {
    const value = [flags[flag], env[variable]].find((given) => given !== undefined && given !== '');
    return value === undefined ? undefined : String(value);
  };
  const port = pick('port', 'HAIRLINE_PORT');
  return Object.freeze<Config>({
    ports: port === undefined ? PORTS : [parseInteger('--port (HAIRLINE_PORT)', port, 0, 65535)],
    model: pick('model', 'HAIRLINE_MODEL') ?? 'auto',
    device: parseChoice('--device (HAIRLINE_DEVICE)', pick('device', 'HAIRLINE_DEVICE') ?? 'auto', DEVICES),
    strict: parseSwitch('--strict (HAIRLINE_STRICT)', pick('strict', 'HAIRLINE_STRICT') ?? 'false'),
    recheck: parseSwitch('--recheck (HAIRLINE_RECHECK)', pick('recheck', 'HAIRLINE_RECHECK') ?? 'false'),
    cacheDir: pick('cacheDir', 'HAIRLINE_CACHE') ?? folders.cache,
    configDir: pick('configDir', 'HAIRLINE_CONFIG') ?? folders.config,
    logLevel: parseChoice('--log-level (HAIRLINE_LOG)', pick('logLevel', 'HAIRLINE_LOG') ?? 'info', LOG_LEVELS),
    maxJobs: parseInteger('HAIRLINE_MAX_JOBS', pick('maxJobs', 'HAIRLINE_MAX_JOBS') ?? '8', 1, 1000),
    maxJobBytes: parseInteger(
      'HAIRLINE_MAX_JOB_BYTES',
      pick('maxJobBytes', 'HAIRLINE_MAX_JOB_BYTES') ?? String(2 ** 30),
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    concurrency: parseInteger('HAIRLINE_CONCURRENCY', pick('concurrency', 'HAIRLINE_CONCURRENCY') ?? '3', 1, 64),
    maxJobTime: parseInteger(
      'HAIRLINE_MAX_JOB_TIME',
      pick('maxJobTime', 'HAIRLINE_MAX_JOB_TIME') ?? '600000',
      1,
      86_400_000,
    ),
    maxResultBytes: parseInteger(
      'HAIRLINE_MAX_RESULT_BYTES',
      pick('maxResultBytes', 'HAIRLINE_MAX_RESULT_BYTES') ?? String(2 ** 29),
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    keepJobsFor: parseInteger(
      'HAIRLINE_KEEP_JOBS_FOR',
      pick('keepJobsFor', 'HAIRLINE_KEEP_JOBS_FOR') ?? '600000',
      0,
      86_400_000,
    ),
    allowPrivateUrls: parseSwitch(
      'HAIRLINE_ALLOW_PRIVATE_URLS',
      pick('allowPrivateUrls', 'HAIRLINE_ALLOW_PRIVATE_URLS') ?? 'false',
    ),
    maxCacheBytes: parseInteger(
      'HAIRLINE_MAX_CACHE_BYTES',
      pick('maxCacheBytes', 'HAIRLINE_MAX_CACHE_BYTES') ?? String(2 ** 29),
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    keepMattesFor: parseInteger(
      'HAIRLINE_KEEP_MATTES_FOR',
      pick('keepMattesFor', 'HAIRLINE_KEEP_MATTES_FOR') ?? '900000',
      0,
      86_400_000,
    ),
    requestTimeout: parseInteger(
      'HAIRLINE_REQUEST_TIMEOUT',
      pick('requestTimeout', 'HAIRLINE_REQUEST_TIMEOUT') ?? '120000',
      1,
      3_600_000,
    ),
    threads: parseInteger('--threads (HAIRLINE_THREADS)', pick('threads', 'HAIRLINE_THREADS') ?? '0', 0, 256),
  });
}

function parseInteger(name: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  throw new ConfigError(`${name} must be a whole number from ${min} to ${max}, not "${value}".`);
}

function parseChoice<T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found) return found;
  throw new ConfigError(`${name} must be one of ${choices.join(', ')}, not "${value}".`);
}

function parseSwitch(name: string, value: string): boolean {
  if (['1', 'true', 'yes', 'on'].includes(value.toLowerCase())) return true;
  if (['0', 'false', 'no', 'off'].includes(value.toLowerCase())) return false;
  throw new ConfigError(`${name} must be true or false, not "${value}".`);
}
