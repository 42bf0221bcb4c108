import { describe, expect, it } from 'vitest';
import { AppError } from '../../../server/errors.ts';
import type { Picture } from '../../../server/imaging/picture.ts';
import { RunQueue } from '../../../server/inference/run-queue.ts';
import type { LoadedModel } from '../../../server/inference/session-cache.ts';
import { readCoarseAlpha } from '../../../server/matting/grid/coarse-alpha.ts';
import { packTensor } from '../../../server/matting/grid/preprocess.ts';
import { estimateMatte } from '../../../server/matting/pipeline.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';
import { fakeSession } from '../server-fixture.ts';

const { spec } = buildStandIn(2);

describe('packTensor', () => {
  const rgb = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 0, 128);
  const input = { ...spec.input, mean: [1, 2, 3], scale: [1, 0.5, 2] } as typeof spec.input;

  it('turns interleaved RGB into planes', () => {
    const tensor = packTensor(rgb, { ...spec, input });
    expect(tensor.dims).toEqual([1, 3, 2, 2]);
    expect([...tensor.data]).toEqual([0, 3, 6, 254, 0, 1.5, 3, -1, 0, 6, 12, 250]);
  });

  it('gives the network its own order of channels, mean and scale in that order', () => {
    const tensor = packTensor(rgb, { ...spec, input: { ...input, channels: 'BGR' } });
    expect([...tensor.data]).toEqual([2, 5, 8, 127, 0, 1.5, 3, -1, -4, 2, 8, 504]);
  });

  it('leaves pixels together for a network that takes height x width x 3', () => {
    const interleaved = { ...input, layout: 'HWC', width: 1, height: 4 } as typeof spec.input;
    const tensor = packTensor(rgb, { ...spec, input: interleaved });
    expect(tensor.dims).toEqual([4, 1, 3]);
    expect([...tensor.data]).toEqual([0, 0, 0, 3, 1.5, 6, 6, 3, 12, 254, -1, 250]);
    const turned = packTensor(rgb, { ...spec, input: { ...interleaved, channels: 'BGR' } });
    expect([...turned.data]).toEqual([2, 0, -4, 5, 1.5, 2, 8, 3, 8, 127, -1, 504]);
  });
});

describe('readCoarseAlpha', () => {
  const read = (values: number[], range: [number, number] = [0, 1]) => [
    ...readCoarseAlpha(
      { data: Float32Array.from(values), dims: [1, 1, 2, 2] },
      { ...spec, output: { ...spec.output, range } },
    ).data,
  ];

  it('clamps', () => {
    expect(read([-5, 0, 0.25, 7])).toEqual([0, 0, 0.25, 1]);
    expect(read([Number.NEGATIVE_INFINITY, -0, 1, Number.POSITIVE_INFINITY])).toEqual([0, 0, 1, 1]);
  });

  it('reads a plane without batch and channel', () => {
    const plane = { data: Float32Array.of(0, 255, 51, 127.5), dims: [2, 2] };
    const hw = { ...spec, output: { ...spec.output, layout: 'HW' as const, range: [0, 255] as [number, number] } };
    expect([...readCoarseAlpha(plane, hw).data].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0, 1, 0.2, 0.5]);
  });

  it('scales any range, also a turned one', () => {
    expect(read([0, 51, 255, 300], [0, 255]).map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0, 0.2, 1, 1]);
    expect(read([-1, 0, 1, -3], [-1, 1])).toEqual([0, 0.5, 1, 0]);
    expect(read([0, 0.25, 1, 2], [1, 0])).toEqual([1, 0.75, 0, 0]);
  });

  it('refuses what is not a number, and other sizes', () => {
    expect(() => read([0, Number.NaN, 0, 0])).toThrow('not numbers');
    expect(() => read([0, 0, 0])).toThrow('2 x 2');
    expect(() => read([0, 0, 0, 0, 0])).toThrow('2 x 2');
  });
});

describe('estimateMatte', () => {
  const picture = (changes: Partial<Picture> = {}): Picture => ({
    width: 3,
    height: 5,
    hasAlpha: false,
    readGrid: async (width, height) => new Uint8Array(width * height * 3).fill(51),
    readRaster: () => Promise.reject(new Error('a matte needs no full picture')),
    ...changes,
  });
  const model = (run: LoadedModel['run']): LoadedModel => ({
    spec,
    session: fakeSession(),
    queue: new RunQueue(),
    run,
  });
  const answer = (value: number) => ({
    output: { data: new Float32Array(4).fill(value), dims: [1, 1, 2, 2] },
    waited: 11,
    ran: 22,
  });

  it('feeds the grid, and answers in the size of the picture', async () => {
    const fed: number[] = [];
    const matte = await estimateMatte(
      picture(),
      [
        {
          model: model(async ({ data }) => {
            fed.push(...data);
            return answer(1);
          }),
        },
      ],
      { depth: 16 },
    );
    expect(fed).toHaveLength(12);
    expect(fed[0]).toBeCloseTo(0.2, 6);
    expect(matte.alpha).toEqual({ width: 3, height: 5, data: new Uint16Array(15).fill(65535) });
    expect(matte.timings).toMatchObject({ queue: 11, inference: 22 });
    for (const ms of Object.values(matte.timings)) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it('looks again at a small person, with the views that draw edges', async () => {
    const asked: unknown[] = [];
    const small = picture({
      width: 64,
      height: 64,
      readGrid: async (width, height, region) => {
        asked.push([width, region]);
        return new Uint8Array(width * height * 3);
      },
      readRaster: async () => ({ width: 64, height: 64, channels: 3, data: new Uint8Array(64 * 64 * 3) }),
    });
    const corner = model(async () => ({
      output: { data: Float32Array.of(1, 0, 0, 0), dims: [1, 1, 2, 2] },
      waited: 0,
      ran: 1,
    }));
    const views = [{ model: corner }, { model: corner, edges: true }, { model: corner, edges: true }];
    const plain = await estimateMatte(small, views, { depth: 8 });
    // Views that ask for the same grid share one reading of the picture.
    expect([plain.runs, asked]).toEqual([3, [[2, undefined]]]);
    asked.length = 0;
    const best = await estimateMatte(small, views, { depth: 8, stages: { secondPass: true, guide: true } });
    const region = { left: 0, top: 0, width: expect.any(Number), height: expect.any(Number) };
    // The last one is the guide's.
    const [whole, near, guide] = [
      [2, undefined],
      [2, region],
      [expect.any(Number), undefined],
    ];
    expect([best.runs, asked]).toEqual([5, [whole, near, guide]]);
    expect(best.timings.inference).toBe(5);
    expect(best.alpha).toMatchObject({ width: 64, height: 64 });
  });

  it('turns a broken answer into INFERENCE_FAILED', async () => {
    const broken = estimateMatte(picture(), [{ model: model(async () => answer(Number.NaN)) }], { depth: 8 });
    await expect(broken).rejects.toMatchObject({ code: 'INFERENCE_FAILED', cause: expect.any(Error) });
  });

  it('passes on what a stage reports', async () => {
    const damaged = new AppError('TRUNCATED_IMAGE');
    const decoding = estimateMatte(
      picture({ readGrid: () => Promise.reject(damaged) }),
      [{ model: model(async () => answer(1)) }],
      {
        depth: 8,
      },
    );
    await expect(decoding).rejects.toBe(damaged);
  });

  it('stops between stages once aborted', async () => {
    const reason = new AppError('CANCELLED');
    for (const stage of ['decode', 'inference']) {
      const controller = new AbortController();
      const ran: string[] = [];
      const readGrid: Picture['readGrid'] = async () => {
        ran.push('decode');
        if (stage === 'decode') controller.abort(reason);
        return new Uint8Array(12);
      };
      const run = async () => {
        ran.push('inference');
        controller.abort(reason);
        return answer(1);
      };
      const matte = estimateMatte(picture({ readGrid }), [{ model: model(run) }], {
        depth: 8,
        signal: controller.signal,
      });
      await expect(matte).rejects.toBe(reason);
      expect(ran).toEqual(stage === 'decode' ? ['decode'] : ['decode', 'inference']);
    }
  });
});
