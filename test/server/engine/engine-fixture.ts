import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Config, loadConfig } from '../../../server/config/config.ts';
import type { Answer, WorkOptions } from '../../../server/engine/engine.ts';
import { WorkerEngine } from '../../../server/engine/worker-engine.ts';
import type { ModelRegistry } from '../../../server/registry/model-registry.ts';
import { packageRoot } from '../../../server/system/package-root.ts';
import { type Deed, LIVES } from '../../fixtures/fake-worker.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';
import { until } from '../server-fixture.ts';
import { TASK } from './task.ts';

const FAKE_WORKER = path.join(packageRoot, 'dist', 'test', 'fixtures', 'fake-worker.js');

/** The engine's parent side with a real child process that does what each picture tells it to. */
export class EngineFixture {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'hairline-engine-'));
  readonly engine: WorkerEngine;
  readonly log: string[] = [];

  constructor(settings: Partial<Config> = {}, file = FAKE_WORKER) {
    const { spec } = buildStandIn(4);
    const registry = {
      list: () => [spec],
      resolve: () => spec,
      isInstalled: async () => true,
    } as unknown as ModelRegistry;
    const config = { ...loadConfig({ device: 'cpu' }, {}), ...settings, cacheDir: this.folder };
    this.engine = new WorkerEngine(config, registry, {
      modelsDirs: [],
      log: (_level, fields, text) => this.log.push(`${text} ${JSON.stringify(fields)}`),
      file,
      stopWithin: 1000,
    });
  }

  matte(deed: Deed | `${Deed} ${number}`, body: Buffer = Buffer.from('picture'), options: Partial<WorkOptions> = {}) {
    return this.engine.matte({ ...TASK, background: deed }, body, {
      signal: new AbortController().signal,
      ...options,
    });
  }

  /** Device of each life of the child so far. */
  get lives(): string[] {
    const text = readFileSync(path.join(this.folder, LIVES), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[1]!);
  }

  /** Of the child that lives now. */
  async pid(): Promise<number> {
    await until(() => this.engine.usage !== null);
    return this.engine.usage!.pid;
  }

  async close(): Promise<void> {
    await this.engine.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function bodyOf({ body }: Answer): Buffer {
  if (Buffer.isBuffer(body)) return body;
  throw new Error('a stream');
}
