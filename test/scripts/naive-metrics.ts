import type { Plane } from '../../scripts/bench/metrics/plane.ts';

/**
 * Grad and Conn written straight from their definitions: floating point, a full two-dimensional kernel, one flood fill
 * per component. Slow, and sharing nothing with the code under test.
 */

type Region = (i: number) => boolean;

export function naiveGradient(prediction: Plane, truth: Plane, inside: Region = () => true): number {
  const sigma = 1.4;
  const half = Math.ceil(sigma * Math.sqrt(-2 * Math.log(Math.sqrt(2 * Math.PI) * sigma * 1e-2)));
  const gauss = (x: number) => Math.exp((-x * x) / (2 * sigma * sigma)) / (sigma * Math.sqrt(2 * Math.PI));
  const slope = (x: number) => (-x * gauss(x)) / (sigma * sigma);
  const kernel: { dx: number; dy: number; value: number }[] = [];
  for (let dy = -half; dy <= half; dy++)
    for (let dx = -half; dx <= half; dx++) kernel.push({ dx, dy, value: gauss(dy) * slope(dx) });
  const length = Math.sqrt(kernel.reduce((sum, { value }) => sum + value * value, 0));
  const magnitude = ({ width, height, data }: Plane, x: number, y: number) => {
    const at = (u: number, v: number) =>
      data[Math.min(height - 1, Math.max(0, v)) * width + Math.min(width - 1, Math.max(0, u))]! / 65535;
    let [gx, gy] = [0, 0];
    for (const { dx, dy, value } of kernel) {
      gx += (value / length) * at(x + dx, y + dy);
      gy += (value / length) * at(x + dy, y + dx);
    }
    return Math.hypot(gx, gy);
  };
  let sum = 0;
  for (let y = 0, i = 0; y < truth.height; y++)
    for (let x = 0; x < truth.width; x++, i++)
      if (inside(i)) sum += (magnitude(prediction, x, y) - magnitude(truth, x, y)) ** 2;
  return sum / 1000;
}

export function naiveConnectivity(prediction: Plane, truth: Plane, inside: Region = () => true): number {
  const { width, height } = truth;
  const p = Array.from(prediction.data, (value) => value / 65535);
  const a = Array.from(truth.data, (value) => value / 65535);
  const l: (number | null)[] = p.map(() => null);
  for (let step = 1; step <= 10; step++) {
    // A hair below, so that 0.6 itself passes the threshold 0.6 whatever its rounding.
    const t = step / 10 - 1e-9;
    const omega = largestComponent(
      p.map((value, i) => value >= t && a[i]! >= t),
      width,
      height,
    );
    for (let i = 0; i < l.length; i++) if (l[i] === null && !omega.has(i)) l[i] = (step - 1) / 10;
  }
  let sum = 0;
  for (let i = 0; i < l.length; i++) {
    const phi = (value: number) => {
      const distance = value - (l[i] ?? 1);
      return distance >= 0.15 - 1e-9 ? 1 - distance : 1;
    };
    if (inside(i)) sum += Math.abs(phi(p[i]!) - phi(a[i]!));
  }
  return sum / 1000;
}

function largestComponent(set: boolean[], width: number, height: number): Set<number> {
  const seen = new Set<number>();
  let largest = new Set<number>();
  for (let first = 0; first < set.length; first++) {
    if (!set[first] || seen.has(first)) continue;
    const component = new Set([first]);
    for (const i of component) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const neighbors = [x > 0 && i - 1, x + 1 < width && i + 1, y > 0 && i - width, y + 1 < height && i + width];
      for (const next of neighbors) if (next !== false && set[next]) component.add(next);
    }
    for (const i of component) seen.add(i);
    if (component.size > largest.size) largest = component;
  }
  return largest;
}
