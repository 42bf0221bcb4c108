import { describe, expect, it } from 'vitest';
import { measureConnectivity } from '../../scripts/bench/metrics/connectivity.ts';
import { measureErrors } from '../../scripts/bench/metrics/errors.ts';
import { measureGradient } from '../../scripts/bench/metrics/gradient.ts';
import type { Plane } from '../../scripts/bench/metrics/plane.ts';
import { MEASURES, meanOf, medianOf, scoreMatte } from '../../scripts/bench/metrics/score.ts';
import {
  BACKGROUND,
  bandRadius,
  bandShare,
  classify,
  FOREGROUND,
  forceKnown,
  makeTrimap,
  type Trimap,
  UNKNOWN,
} from '../../scripts/bench/metrics/trimap.ts';
import { seeded } from '../server/random.ts';
import { naiveConnectivity, naiveGradient } from './naive-metrics.ts';

/** A plane from alpha values 0..1. */
function plane(width: number, values: readonly number[]): Plane {
  return { width, height: values.length / width, data: Uint16Array.from(values, (value) => Math.round(value * 65535)) };
}

const random = seeded(7);
const wholeNumber = (below: number) => Math.floor(random() * below);

/** Half the time coarse values, so that thresholds are met exactly, and flat blobs, so that components are large. */
function randomPlane(width: number, height: number): Plane {
  const steps = [3, 10, 20, 65535][wholeNumber(4)]!;
  const block = 1 + wholeNumber(5);
  const across = Math.ceil(width / block);
  const blobs = Array.from({ length: across * Math.ceil(height / block) }, () => Math.round(random() * steps) / steps);
  const values = Array.from({ length: width * height }, (_, i) => {
    const blob = blobs[Math.floor(Math.floor(i / width) / block) * across + Math.floor((i % width) / block)]!;
    return random() < 0.1 ? Math.round(random() * steps) / steps : blob;
  });
  return plane(width, values);
}

const randomTrimap = (pixels: number) =>
  labels(Array.from({ length: pixels }, () => [BACKGROUND, UNKNOWN, FOREGROUND][wholeNumber(3)]!));

function labels(values: readonly number[]): Trimap {
  return Uint8Array.from(values);
}

describe('MSE, MAD and SAD', () => {
  const p = plane(2, [1, 0.2, 0, 0.6]);
  const a = plane(2, [0.8, 0.8, 0.2, 0]);
  const measured = measureErrors(p, a, labels([FOREGROUND, UNKNOWN, BACKGROUND, UNKNOWN]));

  it('over the whole picture', () => {
    // Differences 0.2, 0.6, 0.2, 0.6.
    expect(measured.whole.sad).toBeCloseTo(1.6 / 1000, 12);
    expect(measured.whole.mad).toBeCloseTo(0.4, 12);
    expect(measured.whole.mse).toBeCloseTo((0.04 + 0.36 + 0.04 + 0.36) / 4, 12);
  });

  it('over the band, divided by its own pixels', () => {
    expect(measured.band.sad).toBeCloseTo(1.2 / 1000, 12);
    expect(measured.band.mad).toBeCloseTo(0.6, 12);
    expect(measured.band.mse).toBeCloseTo(0.36, 12);
  });

  it('SAD splits into foreground, background and band', () => {
    expect(measured.sadForeground).toBeCloseTo(0.2 / 1000, 12);
    expect(measured.sadBackground).toBeCloseTo(0.2 / 1000, 12);
    const { whole, band, sadForeground, sadBackground } = measured;
    expect(sadForeground + sadBackground + band.sad).toBeCloseTo(whole.sad, 12);
  });

  it('an empty band has sums but no means', () => {
    const { band } = measureErrors(p, a, classify(plane(2, [1, 1, 0, 0])));
    expect(band).toEqual({ sad: 0, mad: Number.NaN, mse: Number.NaN });
  });
});

describe('Grad', () => {
  const black = plane(31, new Array(31 * 31).fill(0));
  const dot = (value: number) =>
    plane(
      31,
      Array.from(black.data, (_, i) => (i === 15 * 31 + 15 ? value : 0)),
    );

  it('one bright pixel: the squared lengths of two kernels of length 1', () => {
    expect(measureGradient(dot(1), black)).toBeCloseTo(2 / 1000, 12);
    expect(measureGradient(dot(0.6), black)).toBeCloseTo((2 * 0.36) / 1000, 12);
    expect(measureGradient(black, dot(1))).toBeCloseTo(2 / 1000, 12);
  });

  it('a brighter but equally flat matte has the same gradient', () => {
    expect(measureGradient({ ...black, data: black.data.map(() => 40000) }, black)).toBe(0);
  });

  it('a ramp: slope times the first moment of the derivative times the sum of the Gaussian', () => {
    const ramp = plane(
      40,
      Array.from({ length: 40 * 40 }, (_, i) => (i % 40) / 65.535),
    );
    const g = (x: number) => Math.exp(-(x * x) / 3.92);
    const taps = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
    const sum = (f: (x: number) => number) => taps.reduce((total, x) => total + f(x), 0);
    const moment = sum((x) => x * x * g(x)) / Math.sqrt(sum((x) => (x * g(x)) ** 2));
    const mass = sum(g) / Math.sqrt(sum((x) => g(x) ** 2));
    const middle = new Uint8Array(1600).fill(UNKNOWN, 820, 821);
    const flat = plane(40, new Array(1600).fill(0));
    expect(measureGradient(ramp, flat, middle)).toBeCloseTo(((moment * mass) / 65.535) ** 2 / 1000, 9);
  });

  it('agrees with the definition on random pictures, over tile borders too', () => {
    for (const [width, height] of [...new Array<[number, number]>(12).fill([20, 20]), [1, 1], [3, 70], [131, 66]]) {
      const [p, a] = [randomPlane(width!, height!), randomPlane(width!, height!)];
      const band = randomTrimap(width! * height!);
      expect(measureGradient(p, a)).toBeCloseTo(naiveGradient(p, a), 9);
      expect(measureGradient(p, a, band)).toBeCloseTo(
        naiveGradient(p, a, (i) => band[i] === UNKNOWN),
        9,
      );
    }
  });
});

describe('Conn', () => {
  it('opaque pixels that lost their connection', () => {
    // Truth 1 everywhere. At 0.1 and 0.2 pixels 0-3 hang together, above only 0 and 1: l = 1, 1, 0.2, 0.2, 0.
    const a = plane(5, [1, 1, 1, 1, 1]);
    const p = plane(5, [1, 1, 0.2, 0.9, 0]);
    // phi(p) and phi(a): 1 and 1 twice; 1 - 0 and 1 - 0.8; 1 - 0.7 and 1 - 0.8; 1 - 0 and 1 - 1.
    expect(measureConnectivity(p, a)).toBeCloseTo((0.8 + 0.1 + 1) / 1000, 7);
    expect(measureConnectivity(p, a, labels([0, 0, 128, 0, 0]))).toBeCloseTo(0.8 / 1000, 12);
  });

  it('forgives what stays within 0.15 of the connected level', () => {
    const a = plane(3, [1, 1, 1]);
    expect(measureConnectivity(plane(3, [1, 0.9, 1]), a)).toBe(0);
    // l = 0.8 in the middle: 0 against 0.2. Right of it l = 0.8 too, and both are 1.
    expect(measureConnectivity(plane(3, [1, 0.8, 1]), a)).toBeCloseTo(0.2 / 1000, 12);
  });

  it('corners do not connect', () => {
    const a = plane(2, [1, 1, 1, 1]);
    // Pixel 3 touches the first at a corner only: l = 0, so 0.9 against 1 counts.
    const p = plane(2, [1, 0, 0, 0.9]);
    expect(measureConnectivity(p, a)).toBeCloseTo((1 + 1 + 0.1) / 1000, 7);
  });

  it('a pixel that fell out once stays out, though its component becomes the largest later', () => {
    // Pixels 0-2 (0.5) are the largest up to 0.5, pixels 4 and 5 (0.9 and 1) above: their l is 0 all the same.
    const a = plane(6, [0.5, 0.5, 0.5, 0, 1, 1]);
    const p = plane(6, [0.5, 0.5, 0.5, 0, 0.9, 1]);
    expect(measureConnectivity(p, a)).toBeCloseTo(0.1 / 1000, 7);
  });

  it('agrees with the definition on random pictures', () => {
    for (let round = 0; round < 120; round++) {
      const [width, height] = round < 100 ? [20, 20] : [1 + wholeNumber(30), 1 + wholeNumber(30)];
      const [p, a] = [randomPlane(width, height), randomPlane(width, height)];
      const band = randomTrimap(width * height);
      expect(measureConnectivity(p, a)).toBeCloseTo(naiveConnectivity(p, a), 9);
      expect(measureConnectivity(p, a, band)).toBeCloseTo(
        naiveConnectivity(p, a, (i) => band[i] === UNKNOWN),
        9,
      );
    }
  });

  it('takes more stretches of equal level than it makes room for at first', () => {
    const noise = (step: number) =>
      plane(
        160,
        Array.from({ length: 160 * 100 }, (_, i) => ((i * step) % 11) / 10),
      );
    expect(measureConnectivity(noise(7), noise(7))).toBe(0);
    expect(measureConnectivity(noise(7), noise(3))).toBeCloseTo(naiveConnectivity(noise(7), noise(3)), 9);
  });
});

describe('trimap', () => {
  it('is unknown where alpha is soft, and around it in a square', () => {
    const values = new Array(9 * 7).fill(0);
    for (let i = 5 * 9; i < values.length; i++) values[i] = 1;
    values[3 * 9 + 2] = 0.5;
    const trimap = makeTrimap(plane(9, values), 1);
    const rows = Array.from({ length: 7 }, (_, y) =>
      [...trimap.subarray(y * 9, y * 9 + 9)].map((v) => ({ 0: '.', 128: '?', 255: '#' })[v]).join(''),
    );
    expect(rows).toEqual(['.........', '.........', '.???.....', '.???.....', '.???.....', '#########', '#########']);
    expect(bandShare(trimap)).toBeCloseTo(9 / 63, 12);
  });

  it('takes the ringing of JPEG for what it was', () => {
    const samples = [0, 12, 13, 242, 243, 255].map((value) => value / 255);
    expect([...classify(plane(6, samples))]).toEqual([0, 0, 128, 128, 255, 255]);
  });

  it('grows like a square around every soft pixel', () => {
    for (let round = 0; round < 40; round++) {
      const [width, height, radius] = [1 + wholeNumber(40), 1 + wholeNumber(20), 1 + wholeNumber(6)];
      const truth = plane(
        width,
        Array.from({ length: width * height }, () => (random() < 0.03 ? 0.5 : wholeNumber(2))),
      );
      const expected = classify(truth);
      truth.data.forEach((value, i) => {
        if (value !== 32768) return;
        expected.forEach((_, j) => {
          const across = Math.abs((j % width) - (i % width));
          const down = Math.abs(Math.floor(j / width) - Math.floor(i / width));
          if (Math.max(across, down) <= radius) expected[j] = UNKNOWN;
        });
      });
      expect([...makeTrimap(truth, radius)]).toEqual([...expected]);
    }
  });

  it('reaches half a percent of the longer side', () => {
    expect([bandRadius(2000, 1000), bandRadius(1000, 5472), bandRadius(64, 64)]).toEqual([10, 27, 1]);
  });
});

describe('scoreMatte', () => {
  it('a perfect matte costs nothing in any measure', () => {
    const a = randomPlane(20, 20);
    const trimap = makeTrimap(a, 2);
    // Outside the band the truth itself may be a clamped 0.03: only there does forcing change a perfect matte.
    const clean = forceKnown(a, trimap);
    const scores = scoreMatte(clean, clean, trimap);
    for (const measure of MEASURES) expect(scores[measure], measure).toBe(0);
  });

  it('every measure of two mattes is the same whichever is the truth', () => {
    const [one, other] = [randomPlane(20, 20), randomPlane(20, 20)];
    const everywhere = new Uint8Array(400).fill(UNKNOWN);
    const [forth, back] = [scoreMatte(one, other, everywhere), scoreMatte(other, one, everywhere)];
    for (const measure of MEASURES) expect(forth[measure], measure).toBeCloseTo(back[measure], 12);
    expect(forth.bandGrad).toBeCloseTo(forth.grad, 12);
    expect(forth.bandConn).toBeCloseTo(forth.conn, 12);
    expect(forth.bandMse).toBeCloseTo(forth.mse, 12);
  });

  it('mistakes outside the band do not reach the band, not even through its gradient or connections', () => {
    const row = [0, 0, 0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1];
    const truth = plane(
      12,
      Array.from({ length: 12 * 12 }, (_, i) => row[i % 12]!),
    );
    const trimap = makeTrimap(truth, 1);
    const lost = { ...truth, data: truth.data.map((value, i) => (trimap[i] === UNKNOWN ? value : 65535 - value)) };
    const scores = scoreMatte(lost, truth, trimap);
    expect(scores).toMatchObject({ bandMse: 0, bandMad: 0, bandSad: 0, bandGrad: 0, bandConn: 0 });
    expect(scores.sadBackground).toBeCloseTo((2 * 12) / 1000, 12);
    expect(scores.sadForeground).toBeCloseTo((7 * 12) / 1000, 12);
    expect(scores.grad).toBeGreaterThan(0);
    expect(scores.conn).toBeGreaterThan(0);
  });
});

it('mean and median leave out what could not be measured', () => {
  expect(meanOf([1, Number.NaN, 5])).toBe(3);
  expect(medianOf([9, 1, Number.NaN, 2])).toBe(2);
  expect(medianOf([9, 1, 2, 4])).toBe(3);
  expect([meanOf([]), medianOf([Number.NaN])]).toEqual([Number.NaN, Number.NaN]);
});
