import { isIP } from 'node:net';
import envPaths from 'env-paths';
import { LOOPBACK, PORTS } from '../../protocol/limits.ts';

/** The requested device: `auto` and `gpu` pick among the platform's execution providers, the rest name one. */
export const DEVICES = ['auto', 'gpu', 'cpu', 'cuda', 'dml', 'coreml', 'webgpu'] as const;
export type Device = (typeof DEVICES)[number];

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The values a setting accepts. */
export interface Kind<T> {
  /** Completes the sentence "… must be". */
  readonly allowed: string;
  /** The parsed value, or undefined when the text is invalid. */
  parse(text: string): T | undefined;
  /** Whether a wrong text may hold a password, so that it is not repeated. */
  readonly isPrivate?: boolean;
}

/** One row of the table: the complete definition of a setting. */
export interface Setting<T> {
  /** For `hairline config`. */
  readonly about: string;
  readonly kind: Kind<T>;
  readonly fallback: T;
  readonly env: string;
  /** Command-line option; a setting without one can be a flag only in code. */
  readonly flag?: string;
  /** Name among the flags and in the settings file, if different. */
  readonly name?: string;
  /** Whether the settings file may not contain it. */
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
export const FILE = words('the path of a file');
const port: Kind<readonly number[]> = {
  allowed: integer(0, 65535).allowed,
  parse(text) {
    const number = integer(0, 65535).parse(text);
    return number === undefined ? undefined : [number];
  },
};
const queueAddress: Kind<string> = {
  isPrivate: true,
  allowed: 'an address without a password, such as rediss://queue.studio.local:6379',
  parse(text) {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url && /^rediss?:$/.test(url.protocol) && url.hostname && !url.password ? text : undefined;
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

const webAddress: Kind<string> = {
  allowed: 'an address that begins with https://',
  parse: (text) => (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text : undefined),
};

const setting = <T>(row: Setting<T>): Setting<T> => row;

/** All settings. The key is the name in `Config`; a new setting needs only its row here. */
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
  /** Address to listen on, in addition to loopback. */
  host: setting({
    about: 'address to listen on',
    kind: address,
    fallback: LOOPBACK,
    env: 'HAIRLINE_HOST',
    flag: '--host',
  }),
  /** Host names by which other computers reach this one; one with a port matches that port only, as behind a proxy. */
  hostNames: setting<readonly string[]>({
    about: 'host names by which other computers reach this one',
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
  /** Whether the platform's first GPU provider is required: loading fails instead of falling back. */
  strict: setting({
    about: 'fail instead of falling back',
    kind: toggle,
    fallback: false,
    env: 'HAIRLINE_STRICT',
    flag: '--strict',
  }),
  /** Whether providers that an earlier start has judged are checked again. */
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
  /** Model folder. */
  cacheDir: setting({
    about: 'model folder',
    kind: FOLDER,
    fallback: folders.cache,
    env: 'HAIRLINE_CACHE',
    flag: '--cache-dir',
  }),
  /** Folder of the discovery file, the settings file and the list of paired clients. */
  configDir: setting({
    about: 'settings folder',
    kind: FOLDER,
    fallback: folders.config,
    env: 'HAIRLINE_CONFIG',
    flag: '--config-dir',
    notInFile: true,
  }),
  /** Log folder. */
  logDir: setting({
    about: 'log folder',
    kind: FOLDER,
    fallback: folders.log,
    env: 'HAIRLINE_LOG_DIR',
    flag: '--log-dir',
  }),
  /** Whether `serve` updates the launcher file that the panel's Start button opens. */
  launcher: setting({
    about: 'update the file that starts Hairline from the panel',
    kind: toggle,
    fallback: true,
    env: 'HAIRLINE_LAUNCHER',
  }),
  /** Whether the server asks the release page, once a day, for newer versions. */
  updates: setting({
    about: 'look for newer versions once a day',
    kind: toggle,
    fallback: false,
    env: 'HAIRLINE_UPDATES',
  }),
  /** Where newer versions come from, in the form of GitHub's API; empty: where this app was released. */
  releases: setting({
    about: 'address of the newest release',
    kind: webAddress,
    fallback: '',
    env: 'HAIRLINE_RELEASES',
  }),
  /** Level of messages on the terminal. */
  logLevel: setting<LogLevel>({
    about: 'level of messages on the terminal',
    kind: choice(LOG_LEVELS),
    fallback: 'info',
    env: 'HAIRLINE_LOG',
    flag: '--log-level',
  }),
  /** Level of messages in the log; `silent` writes none. */
  logFileLevel: setting<LogLevel>({
    about: 'level of messages in the log',
    kind: choice(LOG_LEVELS),
    fallback: 'info',
    env: 'HAIRLINE_LOG_FILE_LEVEL',
  }),
  /** Requests accepted at a time, the running one included; further ones get QUEUE_FULL. */
  maxJobs: setting({ about: 'requests at a time', kind: integer(1, 1000), fallback: 8, env: 'HAIRLINE_MAX_JOBS' }),
  /** Bytes of request bodies held at a time; a single body may exceed it, and a second one then has to wait. */
  maxJobBytes: setting({
    about: 'bytes of uploads held at a time',
    kind: integer(1, Number.MAX_SAFE_INTEGER),
    fallback: 2 ** 30,
    env: 'HAIRLINE_MAX_JOB_BYTES',
  }),
  /** Bytes of finished mattes and their pictures kept for edge controls. */
  maxCacheBytes: setting({
    about: 'bytes of finished mattes that are kept',
    kind: integer(0, Number.MAX_SAFE_INTEGER),
    fallback: 2 ** 29,
    env: 'HAIRLINE_MAX_CACHE_BYTES',
  }),
  /** Milliseconds after its last use at which a kept matte is dropped. */
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
  /** Pictures in progress at a time: while the network runs for one, another is decoded and a third encoded. */
  concurrency: setting({
    about: 'pictures worked on at a time',
    kind: integer(1, 64),
    fallback: 3,
    env: 'HAIRLINE_CONCURRENCY',
  }),
  /** Processing time limit per picture, in milliseconds. */
  maxJobTime: setting({
    about: 'processing time limit per picture, in milliseconds',
    kind: integer(1, 86_400_000),
    fallback: 600_000,
    env: 'HAIRLINE_MAX_JOB_TIME',
  }),
  /** Bytes of job results kept until they are fetched. */
  maxResultBytes: setting({
    about: 'bytes of job results that are kept',
    kind: integer(1, Number.MAX_SAFE_INTEGER),
    fallback: 2 ** 29,
    env: 'HAIRLINE_MAX_RESULT_BYTES',
  }),
  /** Milliseconds after its end at which a job and its result are dropped. */
  keepJobsFor: setting({
    about: 'milliseconds that a job is kept after its end',
    kind: integer(0, 86_400_000),
    fallback: 600_000,
    env: 'HAIRLINE_KEEP_JOBS_FOR',
  }),
  /** Whether pictures may be fetched from this computer and private networks. */
  allowPrivateUrls: setting({
    about: 'fetch pictures from private addresses too',
    kind: toggle,
    fallback: false,
    env: 'HAIRLINE_ALLOW_PRIVATE_URLS',
  }),
  /** Whether pictures and networks are processed in a child process, so that a crash there costs one try. */
  isolate: setting({
    about: 'process pictures in a child process, so that a crash costs one try',
    kind: toggle,
    fallback: true,
    env: 'HAIRLINE_ISOLATE',
  }),
  /**
   * Memory limit in bytes above which the child process is replaced once idle; 0 means half of the computer's memory.
   */
  maxEngineBytes: setting({
    about: 'memory limit of that process in bytes, 0 for half of the installed memory',
    kind: integer(0, Number.MAX_SAFE_INTEGER),
    fallback: 0,
    env: 'HAIRLINE_MAX_ENGINE_BYTES',
  }),
  /** Milliseconds after its last use at which a model is unloaded; 0 keeps all. */
  unloadAfter: setting({
    about: 'milliseconds after its last use that a model is unloaded, 0 for never',
    kind: integer(0, 2 ** 31 - 1),
    fallback: 900_000,
    env: 'HAIRLINE_UNLOAD_AFTER',
  }),
  /** Ids of models that are never unloaded, separated by commas; `auto` means the default one. */
  keepLoaded: setting({
    about: 'models that are never unloaded',
    kind: words('model ids separated by commas'),
    fallback: 'auto',
    env: 'HAIRLINE_KEEP_LOADED',
  }),
  /** Redis through which servers hand pictures to workers; none: this computer works by itself. */
  queue: setting({
    about: 'queue of the studio, to share computers with graphics cards',
    kind: queueAddress,
    fallback: '',
    env: 'HAIRLINE_QUEUE',
    flag: '--queue',
  }),
  /** File with the cluster's secret, and those that it replaces; `cluster-secret` in the settings folder by default. */
  queueSecretFile: setting({
    about: 'file with the secret of the studio',
    kind: FILE,
    fallback: '',
    env: 'HAIRLINE_QUEUE_SECRET_FILE',
    flag: '--queue-secret-file',
  }),
  queuePasswordFile: setting({
    about: 'file with the password of the queue',
    kind: FILE,
    fallback: '',
    env: 'HAIRLINE_QUEUE_PASSWORD_FILE',
    flag: '--queue-password-file',
  }),
  /** Port on which a worker serves its numbers; 0 for none. */
  metricsPort: setting({
    about: 'port of the numbers of a worker, for Prometheus',
    kind: integer(0, 65535),
    fallback: 0,
    env: 'HAIRLINE_METRICS_PORT',
    flag: '--metrics-port',
  }),
  /** Pictures of all servers that wait in the queue; further ones get QUEUE_FULL. */
  maxWaiting: setting({
    about: 'pictures that wait in the queue of the studio',
    kind: integer(1, 1_000_000),
    fallback: 1000,
    env: 'HAIRLINE_MAX_WAITING',
  }),
};
