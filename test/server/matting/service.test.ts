import { describe, expect, test } from 'vitest';
import type { Picture } from '../../../server/imaging/picture.ts';
import { MatteService } from '../../../server/matting/service.ts';
import type { ModelRegistry } from '../../../server/registry/model-registry.ts';
import type { ModelSpec } from '../../../server/registry/spec/model-spec.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';

const SIDE = 8;
const source = { type: 'http', host: 'nowhere', files: [], derive: [] } as ModelSpec['weights']['sources'][number];

/** A registry whose only network source is a promise that the test settles. */
class Shelf {
  readonly spec: ModelSpec;
  installed = false;
  pulls = 0;
  settle: { resolve: () => void; reject: (error: Error) => void } | null = null;

  constructor() {
    const { spec } = buildStandIn(SIDE);
    this.spec = { ...spec, weights: { ...spec.weights, sources: [source] } };
  }

  asRegistry(): ModelRegistry {
    return {
      list: () => [this.spec],
      resolve: () => this.spec,
      isInstalled: async () => this.installed,
      pull: () => {
        this.pulls++;
        return new Promise<void>((resolve, reject) => {
          this.settle = { resolve, reject };
        }).then(() => {
          this.installed = true;
        });
      },
    } as unknown as ModelRegistry;
  }
}

const service = (shelf: Shelf) => serviceOf(shelf.asRegistry());

function serviceOf(registry: ModelRegistry): MatteService {
  return new MatteService(registry, async (spec) => ({
    provider: 'cpu',
    reason: null,
    flexible: false,
    inputNames: [spec.input.name],
    outputNames: [spec.output.name],
    run: async () => ({ output: { data: new Float32Array(SIDE * SIDE).fill(1), dims: [1, 1, SIDE, SIDE] } }),
    dispose: async () => undefined,
  }));
}

const picture: Picture = {
  width: 3,
  height: 3,
  hasAlpha: false,
  readGrid: async (width, height) => new Uint8Array(width * height * 3),
  readRaster: async () => ({ width: 3, height: 3, channels: 3, data: new Uint8Array(27) }),
};
const ask = (mattes: MatteService, model = 'auto') => mattes.matte(picture, { model, subject: 'object', depth: 8 });

describe('an embedded model that is missing', () => {
  test('is downloaded once for all callers, which are told to wait', async () => {
    const shelf = new Shelf();
    const mattes = service(shelf);
    await expect(ask(mattes)).rejects.toMatchObject({ code: 'MODEL_DOWNLOADING' });
    await expect(ask(mattes)).rejects.toMatchObject({ code: 'MODEL_DOWNLOADING' });
    expect(() => mattes.checkModel('auto', 'object')).toThrow('being downloaded');
    expect(shelf.pulls).toBe(1);
    expect((await mattes.status('auto')).state).toBe('downloading');

    shelf.settle!.resolve();
    await expect.poll(async () => (await mattes.status('auto')).state).toBe('installed');
    const { alpha, model, runs } = await ask(mattes);
    expect([...alpha.data]).toEqual(new Array(9).fill(255));
    expect([model, runs]).toEqual(['stand-in', 1]);
  });

  test('is not fetched again for every picture when that cannot work', async () => {
    const shelf = new Shelf();
    const mattes = service(shelf);
    await expect(ask(mattes)).rejects.toMatchObject({ code: 'MODEL_DOWNLOADING' });
    shelf.settle!.reject(new Error('No network.'));
    await expect.poll(async () => (await mattes.status('auto')).reason).toBe('No network.');
    await ask(mattes).catch(() => undefined);
    expect(shelf.pulls).toBe(1);
  });

  test('is not downloaded when it is named explicitly', async () => {
    const shelf = new Shelf();
    await ask(service(shelf), 'stand-in').catch(() => undefined);
    expect(shelf.pulls).toBe(0);
  });
});

test.each([
  [['rvm', 'rvm-wide', 'isnet'], 'best', 'rvm-wide+rvm+isnet', 3],
  [['rvm', 'isnet'], 'best', 'rvm', 1],
  [['rvm', 'rvm-wide', 'isnet'], 'fast', 'rvm-wide+rvm', 2],
  [['rvm', 'rvm-wide'], 'best', 'rvm-wide+rvm', 2],
  [['rvm'], 'fast', 'rvm', 1],
  [['rvm', 'rvm-wide', 'isnet', 'modnet'], 'best', 'rvm-wide+rvm+isnet+modnet', 4],
  [['rvm', 'rvm-wide', 'modnet'], 'best', 'rvm-wide+rvm', 2],
  [['bshm', 'rvm', 'rvm-wide', 'isnet', 'modnet'], 'best', 'rvm-wide+rvm+isnet+bshm+modnet', 5],
  [['bshm', 'rvm'], 'best', 'bshm', 1],
  [['bshm', 'rvm', 'rvm-wide', 'isnet'], 'fast', 'bshm', 1],
] as const)('with %j installed, %s is answered by %s', async (installed: readonly string[], refine, model, runs) => {
  const resolve = (id: string) => ({ ...buildStandIn(SIDE).spec, id: id === 'auto' ? installed[0]! : id });
  const registry = {
    list: () => ['rvm', 'rvm-wide', 'isnet', 'bshm', 'modnet'].map(resolve),
    resolve,
    isInstalled: async ({ id }: ModelSpec) => installed.includes(id),
  };
  const mattes = serviceOf(registry as unknown as ModelRegistry);
  expect(await mattes.matte(picture, { model: 'auto', refine, depth: 8 })).toMatchObject({ model, runs });
});
