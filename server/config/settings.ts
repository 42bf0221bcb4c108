import { isIP } from 'node:net';
import envPaths from 'env-paths';
import { LOOPBACK, PORTS } from '../../protocol/limits.ts';

/** What a user asks for: `auto` and `gpu` pick among the platform's execution providers, the rest name one. */
export const DEVICES = ['auto', 'gpu', 'cpu', 'cuda', 'dml', 'coreml', 'webgpu'] as const;
export type Device = (typeof DEVICES)[number];

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What values a setting takes. */
export interface Kind<T> {
  /** Ends the sentence "… must be". */
  readonly allowed: string;
  /** The value that a text means, or undefined when it means none. */
  parse(text: string): T | undefined;
}

/** One row of the table: everything there is to know about a setting. */
export interface Setting<T> {
  /** For `hairline config`. */
  readonly about: string;
  readonly kind: Kind<T>;
  readonly fallback: T;
  readonly env: string;
  /** Option of the command line; without one only programs can set it as a flag. */
  readonly flag?: string;
  /** Name among the flags and in the settings file, where it differs. */
  readonly name?: string;
  /** Whether it may not stand in the settings file. */
  readonly notInFile?: boolean;
}

export const folders = envPaths('hairline', { suffix: '' });

const integer = (min: number, max: number): Kind<number> => ({
  allowed: `a whole number from ${min} to ${max}`,
  parse: (text) => (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
});
const choice = <T extends string>(choices: readonly T[]): Kind<T> => ({
  allowed: `one of ${choices.join(', ')}`,
  parse: (text) => choices.find((item) => item === text),
});
const toggle: Kind<boolean> = {
  allowed: 'true or false',
  parse(text) {
    if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true;
    return ['0', 'false', 'no', 'off'].includes(text.toLowerCase()) ? false : undefined;
  },
};
const words = (allowed: string): Kind<string> => ({ allowed, parse: (text) => (text.trim() ? text : undefined) });
export const FOLDER = words('the path of a folder');
const port: Kind<readonly number[]> = {
  allowed: integer(0, 65535).allowed,
  parse(text) {
    const number = integer(0, 65535).parse(text);
    return number === undefined ? undefined : [number];
  },
};
const address: Kind<string> = {
  allowed: 'localhost or an IP address, such as 192.168.1.20 or 0.0.0.0',
  parse: (text) => (text === 'localhost' ? LOOPBACK : isIP(text) ? text : undefined),
};
const hostNames: Kind<readonly string[]> = {
  allowed: 'host names with commas between them, such as studio.local,masks.example.org:8443',
  parse(text) {
    const names = text.split(',').map((name) => name.trim().toLowerCase());
    return names.every((name) => /^[a-z\d]([a-z\d.-]*[a-z\d])?(:\d{1,5})?$/.test(name)) ? names : undefined;
  },
};

const setting = <T>(row: Setting<T>): Setting<T> => row;

/** Every setting there is. The key is its name in `Config`; a new one needs its row here and nothing else. */
export const SETTINGS = {
  /** Ports to try in order; `[0]` takes any free one. */
  ports: setting({
    about: 'port to listen on',
    kind: port,
    fallback: PORTS,
    env: 'HAIRLINE_PORT',
    flag: '--port',
    name: 'port',
  }),
  /** Address to listen on, besides this computer's own. */
  host: setting({
    about: 'address to listen on',
    kind: address,
    fallback: LOOPBACK,
    env: 'HAIRLINE_HOST',
    flag: '--host',
  }),
  /** Names under which other computers reach it; with a port exactly that one, as behind a proxy. */
  hostNames: setting<readonly string[]>({
    about: 'names that other computers use for this one',
    kind: hostNames,
    fallback: [],
    env: 'HAIRLINE_HOST_NAMES',
    flag: '--host-names',
  }),
  /** Model that `model=auto` runs; `auto` chooses by subject among those installed. */
  model: setting({
    about: 'model unless a request names one',
    kind: words('the id of a model'),
    fallback: 'auto',
    env: 'HAIRLINE_MODEL',
    flag: '--model',
  }),
  device: setting<Device>({
    about: 'what the network runs on',
    kind: choice(DEVICES),
    fallback: 'auto',
    env: 'HAIRLINE_DEVICE',
    flag: '--device',
  }),
  /** Whether the platform's first GPU provider is demanded: loading fails rather than falls back. */
  strict: setting({
    about: 'fail rather than fall back',
    kind: toggle,
    fallback: false,
    env: 'HAIRLINE_STRICT',
    flag: '--strict',
  }),
  /** Whether providers are checked again that an earlier start has judged. */
  recheck: setting({
    about: 'check the providers again',
    kind: toggle,
    fallback: false,
    env: 'HAIRLINE_RECHECK',
    flag: '--recheck',
  }),
  /** Threads of the CPU execution provider; 0 lets ONNX Runtime choose. */
  threads: setting({
    about: 'threads of the CPU provider, 0 for as many as cores',
    kind: integer(0, 256),
    fallback: 0,
    env: 'HAIRLINE_THREADS',
    flag: '--threads',
  }),
  /** Where weights are kept. */
  cacheDir: setting({
    about: 'folder of the models',
    kind: FOLDER,
    fallback: folders.cache,
    env: 'HAIRLINE_CACHE',
    flag: '--cache-dir',
  }),
  /** Where the discovery file, the settings file and the list of paired clients are kept. */
  configDir: setting({
    about: 'folder of the settings',
    kind: FOLDER,
    fallback: folders.config,
    env: 'HAIRLINE_CONFIG',
    flag: '--config-dir',
    notInFile: true,
  }),
  /** Where the log is kept. */
  logDir: setting({
    about: 'folder of the log',
    kind: FOLDER,
    fallback: folders.log,
    env: 'HAIRLINE_LOG_DIR',
    flag: '--log-dir',
  }),
  /** Whether `serve` keeps the file up to date that the panel's Start button opens. */
  launcher: setting({
    about: 'keep the file that the panel starts it with',
    kind: toggle,
    fallback: true,
    env: 'HAIRLINE_LAUNCHER',
  }),
  /** What is shown on the terminal. */
  logLevel: setting<LogLevel>({
    about: 'what the terminal shows',
    kind: choice(LOG_LEVELS),
    fallback: 'info',
    env: 'HAIRLINE_LOG',
    flag: '--log-level',
  }),
  /** What is written to the log; `silent` writes none. */
  logFileLevel: setting<LogLevel>({
    about: 'what the log keeps',
    kind: choice(LOG_LEVELS),
    fallback: 'info',
    env: 'HAIRLINE_LOG_FILE_LEVEL',
  }),
  /** Requests accepted at a time, the running one included; more are answered QUEUE_FULL. */
  maxJobs: setting({ about: 'requests at a time', kind: integer(1, 1000), fallback: 8, env: 'HAIRLINE_MAX_JOBS' }),
  /** Bytes of request bodies held at a time; a single body may exceed it, a second one then waits outside. */
  maxJobBytes: setting({
    about: 'bytes of uploads held at a time',
    kind: integer(1, Number.MAX_SAFE_INTEGER),
    fallback: 2 ** 30,
    env: 'HAIRLINE_MAX_JOB_BYTES',
  }),
  /** Bytes of finished mattes and their pictures that are kept for edge controls. */
  maxCacheBytes: setting({
    about: 'bytes of finished mattes that are kept',
    kind: integer(0, Number.MAX_SAFE_INTEGER),
    fallback: 2 ** 29,
    env: 'HAIRLINE_MAX_CACHE_BYTES',
  }),
  /** Milliseconds after its last use that a kept matte is dropped. */
  keepMattesFor: setting({
    about: 'milliseconds that a matte is kept after its last use',
    kind: integer(0, 86_400_000),
    fallback: 900_000,
    env: 'HAIRLINE_KEEP_MATTES_FOR',
  }),
  /** Milliseconds a request may take to arrive in full. */
  requestTimeout: setting({
    about: 'milliseconds in which a request must arrive',
    kind: integer(1, 3_600_000),
    fallback: 120_000,
    env: 'HAIRLINE_REQUEST_TIMEOUT',
  }),
  /** Pictures worked on at a time: while the network runs for one, another is read and a third one written. */
  concurrency: setting({
    about: 'pictures worked on at a time',
    kind: integer(1, 64),
    fallback: 3,
    env: 'HAIRLINE_CONCURRENCY',
  }),
  /** Milliseconds that one picture may be worked on. */
  maxJobTime: setting({
    about: 'milliseconds that one picture may be worked on',
    kind: integer(1, 86_400_000),
    fallback: 600_000,
    env: 'HAIRLINE_MAX_JOB_TIME',
  }),
  /** Bytes of results of jobs that are kept until they are fetched. */
  maxResultBytes: setting({
    about: 'bytes of results of jobs that are kept',
    kind: integer(1, Number.MAX_SAFE_INTEGER),
    fallback: 2 ** 29,
    env: 'HAIRLINE_MAX_RESULT_BYTES',
  }),
  /** Milliseconds after its end that a job is forgotten with its result. */
  keepJobsFor: setting({
    about: 'milliseconds that a job is kept after its end',
    kind: integer(0, 86_400_000),
    fallback: 600_000,
    env: 'HAIRLINE_KEEP_JOBS_FOR',
  }),
  /** Whether pictures are also fetched from addresses of this computer and of private networks. */
  allowPrivateUrls: setting({
    about: 'fetch pictures from private addresses too',
    kind: toggle,
    fallback: false,
    env: 'HAIRLINE_ALLOW_PRIVATE_URLS',
  }),
  /** Whether pictures and networks are worked on in a process of their own, so that a crash there costs one try. */
  isolate: setting({
    about: 'work in a process of its own, so that a crash costs one try',
    kind: toggle,
    fallback: true,
    env: 'HAIRLINE_ISOLATE',
  }),
  /** Bytes of memory beyond which that process is replaced as soon as it is idle; 0 takes half of the computer's. */
  maxEngineBytes: setting({
    about: 'bytes of memory of that process, 0 for half of the computer',
    kind: integer(0, Number.MAX_SAFE_INTEGER),
    fallback: 0,
    env: 'HAIRLINE_MAX_ENGINE_BYTES',
  }),
  /** Milliseconds after its last use that a model is unloaded; 0 keeps all. */
  unloadAfter: setting({
    about: 'milliseconds after its last use that a model is unloaded, 0 for never',
    kind: integer(0, 2 ** 31 - 1),
    fallback: 900_000,
    env: 'HAIRLINE_UNLOAD_AFTER',
  }),
  /** Ids of models that are never unloaded, separated by commas; `auto` means the default one. */
  keepLoaded: setting({
    about: 'models that are never unloaded',
    kind: words('ids of models with commas between them'),
    fallback: 'auto',
    env: 'HAIRLINE_KEEP_LOADED',
  }),
};
