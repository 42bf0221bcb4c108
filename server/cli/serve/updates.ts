import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Config, ConfigError, saveSetting } from '../../config/config.ts';
import { folders } from '../../config/settings.ts';
import { AppError } from '../../errors.ts';
import { createHttpClient } from '../../http-client/http-client.ts';
import type { Updates } from '../../system/desk.ts';
import { starter } from '../../system/package-root.ts';
import { Installation } from '../../update/installation.ts';
import { findUpdate } from '../../update/releases.ts';

const DAY_MS = 24 * 60 * 60_000;
/** After a start, which has better things to do, and after a failure, as without a network. */
const SOON_MS = 60_000;
const LATER_MS = 60 * 60_000;

/** The steps outside this program, injectable for tests. */
export interface UpdateWatchSteps {
  /** The newer version, or null. */
  look(signal: AbortSignal): Promise<string | null>;
  save(on: boolean): Promise<void>;
  /** Runs `hairline update`. @returns why it failed; the server may be gone before */
  install(): Promise<string | null>;
}

/** Looks for newer versions while that is switched on. Switched off, it makes no request. */
export class UpdateWatch implements Updates {
  readonly #steps: UpdateWatchSteps;
  #watch: boolean;
  #available: string | null = null;
  #installing = false;
  #failure: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #looking = new AbortController();

  constructor(watch: boolean, steps: UpdateWatchSteps) {
    this.#watch = watch;
    this.#steps = steps;
    if (watch) this.#lookIn(SOON_MS);
  }

  get state(): Updates['state'] {
    return {
      watch: this.#watch,
      available: this.#available,
      installing: this.#installing,
      failure: this.#failure,
    };
  }

  async setWatch(on: boolean): Promise<void> {
    await this.#steps.save(on);
    this.#watch = on;
    clearTimeout(this.#timer);
    this.#looking.abort();
    this.#available = null;
    this.#failure = null;
    if (on) void this.#look();
  }

  install(): void {
    if (this.#installing || !this.#available) return;
    this.#installing = true;
    this.#failure = null;
    const end = (failure: string | null) => {
      this.#installing = false;
      this.#failure = failure;
    };
    this.#steps.install().then(end, ({ message }: Error) => end(message));
  }

  async #look(): Promise<void> {
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    try {
      const found = await this.#steps.look(signal);
      if (signal.aborted) return;
      this.#available = found;
      this.#lookIn(DAY_MS);
    } catch {
      // Of no interest to anybody while the computer is offline; "hairline update" says what is wrong.
      if (!signal.aborted) this.#lookIn(LATER_MS);
    }
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => void this.#look(), ms).unref();
  }
}

/** Of this installation; null where npm or a checkout brought it, or where it does not know its release page. */
export function createUpdates(config: Config, env: NodeJS.ProcessEnv): Updates | null {
  const installation = Installation.find();
  const releases = config.releases || installation?.releases;
  if (!installation || !releases) return null;
  const http = createHttpClient(env);
  const { platform, current: version } = installation;
  return new UpdateWatch(config.updates, {
    look: async (signal) => (await findUpdate({ releases, platform, version }, http, signal))?.version ?? null,
    save: (on) => save(config, env, on),
    install: () => runUpdate(config, env),
  });
}

async function save({ configDir }: Config, env: NodeJS.ProcessEnv, on: boolean): Promise<void> {
  if (env.HAIRLINE_UPDATES)
    throw new AppError('SYSTEM_REFUSED', 'HAIRLINE_UPDATES is set, and decides whether to look for newer versions.');
  try {
    await saveSetting(path.join(configDir, 'config.json'), 'updates', on);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = error instanceof ConfigError ? message : `The settings cannot be written to ${configDir} (${code}).`;
    throw new AppError('SYSTEM_REFUSED', why, { cause: error });
  }
}

/** A process of its own, for it ends this one. Its words go to a file, as there is no terminal, nor soon this process. */
async function runUpdate({ configDir, logDir, cacheDir }: Config, env: NodeJS.ProcessEnv): Promise<string | null> {
  mkdirSync(logDir, { recursive: true });
  const file = path.join(logDir, 'update.log');
  const log = openSync(file, 'w');
  const own = Object.entries({
    HAIRLINE_CONFIG: [configDir, folders.config],
    HAIRLINE_LOG_DIR: [logDir, folders.log],
    HAIRLINE_CACHE: [cacheDir, folders.cache],
  }).filter(([, [folder, usual]]) => folder !== usual);
  const child = spawn(starter.node, [starter.script, 'update', '--yes', '--open'], {
    env: { ...env, ...Object.fromEntries(own.map(([name, [folder]]) => [name, folder])) },
    stdio: ['ignore', log, log],
    detached: true,
    windowsHide: true,
  });
  closeSync(log);
  child.unref();
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (code) => resolve(code === 0 ? null : (readLastLine(file) ?? 'It ended without a word.')));
  });
}

function readLastLine(file: string): string | null {
  return readFileSync(file, 'utf8').trim().split(/\r?\n/).at(-1) || null;
}
