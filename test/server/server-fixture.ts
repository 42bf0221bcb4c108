import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { type Config, loadConfig } from '../../server/config/config.ts';
import type { Engine } from '../../server/engine/engine.ts';
import { LocalEngine } from '../../server/engine/local-engine.ts';
import { AppError } from '../../server/errors.ts';
import { buildApp } from '../../server/http/app.ts';
import type { Shutdown } from '../../server/http/routes/shutdown.ts';
import type { Session } from '../../server/inference/session.ts';
import { MatteCache } from '../../server/matting/matte-cache.ts';
import { MatteService } from '../../server/matting/service.ts';
import type { ModelRegistry } from '../../server/registry/model-registry.ts';
import type { Desk } from '../../server/system/desk.ts';
import { buildStandIn } from '../fixtures/stand-in.ts';

export { until } from './until.ts';

export interface Stage {
  app: FastifyInstance;
  port: number;
  engine: Engine;
  close(): Promise<void>;
}

/** The real HTTP side on a real socket with a session of the test's own; the network's grid is 4 x 4. */
export async function listenWith(
  run: Session['run'],
  settings: Partial<Config> = {},
  shutdown?: Shutdown,
  extend: (app: FastifyInstance) => void = () => undefined,
  logger?: FastifyBaseLogger,
  pageDir?: string,
  desk?: Desk,
): Promise<Stage> {
  const { spec } = buildStandIn(4);
  const registry: ModelRegistry = {
    list: () => [spec],
    resolve(id) {
      if (id === 'auto' || id === spec.id) return spec;
      throw new AppError('UNKNOWN_MODEL');
    },
    isInstalled: async () => true,
    manifest: async () => null,
    place: async () => 'cache',
    readWeights: async () => new Uint8Array(),
    pull: async () => undefined,
    remove: async () => false,
  };
  const mattes = new MatteService(registry, async () => ({ ...fakeSession(), run }));
  const config = { ...loadConfig({ port: 0, model: spec.id }, {}), ...settings };
  const kept = new MatteCache({ maxBytes: config.maxCacheBytes, keepFor: config.keepMattesFor });
  const engine = new LocalEngine(mattes, kept);
  const app = await buildApp({
    config,
    engine,
    registry,
    ...(shutdown && { shutdown }),
    ...(logger && { logger }),
    ...(pageDir && { pageDir }),
    ...(desk && { desk }),
  });
  extend(app);
  app.server.prependListener('request', (_request, response) => {
    response.once('close', () => response.writableFinished || departures.get(app)?.());
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, port, engine, close: () => app.close() };
}

/** A computer that notes in `done` what the page makes it do, and whose file manager is missing. */
export function standInDesk(done: string[] = []): Desk {
  let on = false;
  const update = { watch: false, available: '0.2.0', installing: false, failure: null };
  return {
    hasPanelFile: true,
    autostart: async () => on,
    async setAutostart(value) {
      on = value;
      done.push(`autostart ${value}`);
    },
    openPanelFile: async () => void done.push('panel'),
    async openLogFolder() {
      throw new AppError('SYSTEM_REFUSED', 'There is no file manager.');
    },
    updates: {
      state: update,
      async setWatch(value) {
        update.watch = value;
        done.push(`watch ${value}`);
      },
      install: () => void done.push('update'),
    },
  };
}

/** A session whose output is 1 everywhere on a 4 x 4 grid. */
export function fakeSession(): Session {
  return {
    provider: 'cpu',
    flexible: false,
    reason: null,
    inputNames: ['input'],
    outputNames: ['output'],
    run: async () => OPAQUE(),
    dispose: async () => undefined,
  };
}

export const OPAQUE = () => ({ output: { data: new Float32Array(16).fill(1), dims: [1, 1, 4, 4] } });

/** A gate that tests open: callers of `pass` wait until `open`. */
export class Gate {
  waiting = 0;
  #open: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  async pass(): Promise<void> {
    this.waiting++;
    await this.#opened;
    this.waiting--;
  }

  open(): void {
    this.#open();
  }
}

/** Settles when the server hears that the client of a request in progress has left, a moment after the client did. */
export function nextDeparture({ app }: Stage): Promise<void> {
  return new Promise((resolve) => departures.set(app, resolve));
}

const departures = new WeakMap<FastifyInstance, () => void>();
