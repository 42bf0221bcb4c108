import type { Knot } from '../../../protocol/schemas/path.ts';
import { bendAt, dot, length, pointAt, reversed, scaled, slopeAt, type Vector } from './bezier.ts';

/** Sharper turns are corners: 60 degrees. */
const CORNER = Math.cos(Math.PI / 3);

/** Points that one curve may have to follow: bounds the time, which grows with their square at worst. */
const MOST_POINTS = 1024;

/** Rounds of better parameters, for a curve that is not much too far away. */
const ROUNDS = 4;

/** Shares of the tolerance: how far the line may bulge between points that tell its direction, at a corner and elsewhere. */
const BULGE = { corner: 0.25, smooth: 0.5 };

/**
 * Bézier curves along a closed line, no farther from any of its points than the tolerance. Corners are found first; between them
 * it is the algorithm of P. J. Schneider, "An Algorithm for Automatically Fitting Digitized Curves", Graphics Gems (1990).
 * @param points x, y of one after the other; at least three
 * @returns null where it takes more knots than allowed
 */
export function fitCurves(points: Float64Array, tolerance: number, mostKnots: number): Knot[] | null {
  return new Fitter(points, tolerance, mostKnots).fit();
}

class Fitter {
  readonly #points: Float64Array;
  readonly #count: number;
  /** Length of the line up to each point, and all of it. */
  readonly #lengths: Float64Array;
  readonly #tolerance: number;
  readonly #mostKnots: number;
  /** Along the line: how far directions are looked at, so that pixels' steps are no corners; and how far at most where it is straight. */
  readonly #reach: number;
  readonly #farthest: number;
  readonly #knots: Knot[] = [];
  readonly #u = new Float64Array(MOST_POINTS + 1);

  constructor(points: Float64Array, tolerance: number, mostKnots: number) {
    this.#points = points;
    this.#count = points.length / 2;
    this.#tolerance = tolerance;
    this.#mostKnots = mostKnots;
    this.#lengths = new Float64Array(this.#count + 1);
    for (let i = 0; i < this.#count; i++) this.#lengths[i + 1] = this.#lengths[i]! + this.#distance(i, i + 1);
    const length = this.#lengths[this.#count]!;
    this.#reach = Math.min(Math.max(3, 3 * tolerance), 48, length / 8);
    this.#farthest = Math.min(100, length / 8);
  }

  fit(): Knot[] | null {
    const corners = this.#findCorners();
    const isSmooth = corners.length === 0;
    const starts = isSmooth ? [0] : corners;
    for (const [i, start] of starts.entries()) {
      const end = starts[i + 1] ?? starts[0]! + this.#count;
      this.#addKnot(start, !isSmooth);
      const first = isSmooth ? this.#tangent(start) : this.#oneSided(start, 1, end - start);
      const last = isSmooth ? reversed(first) : this.#oneSided(end, -1, end - start);
      // Around a whole circle no single curve leads.
      const halves = end - start === this.#count ? [(start + end) >> 1] : [];
      this.#fitThrough(start, end, first, last, halves);
      if (this.#isFull()) return null;
    }
    // The last curve ends where the first begins.
    return this.#closed();
  }

  #isFull(): boolean {
    return this.#knots.length > this.#mostKnots;
  }

  #closed(): Knot[] {
    const knots = this.#knots;
    const end = knots.pop()!;
    knots[0] = { ...knots[0]!, before: end.before };
    return knots;
  }

  #findCorners(): number[] {
    const turns = Float64Array.from({ length: this.#count }, (_, i) => {
      const back = this.#away(i, -1, this.#count);
      const ahead = this.#away(i, 1, this.#count);
      return -dot(this.#direction(i, back), this.#direction(i, ahead));
    });
    const corners: number[] = [];
    for (let i = 0; i < this.#count; i++) {
      if (turns[i]! > CORNER) continue;
      const from = this.#away(i, -1, this.#count);
      const to = this.#away(i, 1, this.#count);
      let isSharpest = true;
      for (let j = from; j <= to && isSharpest; j++) {
        const other = turns[this.#wrap(j)]!;
        if (other < turns[i]! || (other === turns[i] && j < i)) isSharpest = false;
      }
      if (isSharpest) corners.push(i);
    }
    return corners;
  }

  #fitThrough(start: number, end: number, first: Vector, last: Vector, splits: readonly number[]): void {
    if (this.#isFull()) return;
    const [split] = splits;
    const middle = split ?? (end - start > MOST_POINTS ? (start + end) >> 1 : null);
    if (middle === null || middle === start || middle === end) {
      this.#fitCubic(start, end, first, last);
      return;
    }
    const tangent = this.#tangent(middle);
    this.#fitThrough(start, middle, first, reversed(tangent), []);
    this.#fitThrough(middle, end, tangent, last, []);
  }

  #fitCubic(start: number, end: number, first: Vector, last: Vector): void {
    if (this.#isFull()) return;
    if (end - start === 1) {
      const third = this.#distance(start, end) / 3;
      this.#addCurve(this.#x(start), this.#y(start), end, scaled(first, third), scaled(last, third));
      return;
    }
    const limit = this.#tolerance ** 2;
    this.#parametrize(start, end);
    let curve = this.#leastSquares(start, end, first, last);
    let worst = this.#findWorst(start, end, curve);
    for (let round = 0; round < ROUNDS && worst.error > limit && worst.error < 16 * limit; round++) {
      this.#reparametrize(start, end, curve);
      curve = this.#leastSquares(start, end, first, last);
      worst = this.#findWorst(start, end, curve);
    }
    if (worst.error <= limit) {
      const [x0, y0, x1, y1, x2, y2, x3, y3] = curve;
      this.#addCurve(x0!, y0!, end, [x1! - x0!, y1! - y0!], [x2! - x3!, y2! - y3!]);
      return;
    }
    const tangent = this.#tangent(worst.at);
    this.#fitCubic(start, worst.at, first, reversed(tangent));
    this.#fitCubic(worst.at, end, tangent, last);
  }

  /** Parameters by the length of the line so far. */
  #parametrize(start: number, end: number): void {
    const before = this.#lengthTo(start);
    const length = this.#lengthTo(end) - before || 1;
    for (let i = start; i <= end; i++) this.#u[i - start] = (this.#lengthTo(i) - before) / length;
  }

  /** The lengths of both handles that bring the curve closest to the points. Eight numbers: four points. */
  #leastSquares(start: number, end: number, first: Vector, last: Vector): number[] {
    const [x0, y0, x3, y3] = [this.#x(start), this.#y(start), this.#x(end), this.#y(end)];
    let [c00, c01, c11, r0, r1] = [0, 0, 0, 0, 0];
    for (let i = 0; i <= end - start; i++) {
      const t = this.#u[i]!;
      const s = 1 - t;
      const [b0, b1, b2, b3] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
      const dx = this.#x(start + i) - (x0 * (b0 + b1) + x3 * (b2 + b3));
      const dy = this.#y(start + i) - (y0 * (b0 + b1) + y3 * (b2 + b3));
      c00 += b1 * b1;
      c01 += b1 * b2 * dot(first, last);
      c11 += b2 * b2;
      r0 += b1 * (first[0] * dx + first[1] * dy);
      r1 += b2 * (last[0] * dx + last[1] * dy);
    }
    const determinant = c00 * c11 - c01 * c01;
    const chord = length(x3 - x0, y3 - y0);
    let [a, b] = [(r0 * c11 - r1 * c01) / determinant, (c00 * r1 - c01 * r0) / determinant];
    // Handles that point backwards or cross make loops: then the usual third of the way.
    const most = 3 * chord;
    if (!(a > 1e-6 * chord && b > 1e-6 * chord && a < most && b < most)) a = b = chord / 3;
    return [x0, y0, x0 + a * first[0], y0 + a * first[1], x3 + b * last[0], y3 + b * last[1], x3, y3];
  }

  #findWorst(start: number, end: number, curve: readonly number[]): { error: number; at: number } {
    let [error, at] = [0, (start + end) >> 1];
    for (let i = 1; i < end - start; i++) {
      const [x, y] = pointAt(curve, this.#u[i]!);
      const far = (x - this.#x(start + i)) ** 2 + (y - this.#y(start + i)) ** 2;
      if (far > error) [error, at] = [far, start + i];
    }
    return { error, at };
  }

  /** One step of Newton and Raphson towards the nearest point of the curve, for each point. */
  #reparametrize(start: number, end: number, curve: readonly number[]): void {
    for (let i = 1; i < end - start; i++) {
      const t = this.#u[i]!;
      const [x, y] = pointAt(curve, t);
      const [dx, dy] = slopeAt(curve, t);
      const [ddx, ddy] = bendAt(curve, t);
      const [ex, ey] = [x - this.#x(start + i), y - this.#y(start + i)];
      const below = dx * dx + dy * dy + ex * ddx + ey * ddy;
      if (below > 0) this.#u[i] = Math.min(1, Math.max(0, t - (ex * dx + ey * dy) / below));
    }
  }

  #addCurve(x0: number, y0: number, end: number, after: Vector, before: Vector): void {
    const last = this.#knots.length - 1;
    this.#knots[last] = { ...this.#knots[last]!, after: [x0 + after[0], y0 + after[1]] };
    const [x, y] = [this.#x(end), this.#y(end)];
    this.#knots.push({ anchor: [x, y], before: [x + before[0], y + before[1]], after: [x, y], isSmooth: true });
  }

  /** The first knot of a section: of all of them, or the last knot of the section before. */
  #addKnot(at: number, isCorner: boolean): void {
    const known = this.#knots.pop();
    const anchor: Vector = [this.#x(at), this.#y(at)];
    this.#knots.push({ before: anchor, ...known, anchor, after: anchor, isSmooth: !isCorner });
  }

  /** Direction ahead, from both sides of a point. */
  #tangent(at: number): Vector {
    const ends = (reach: number) =>
      [this.#away(at, -1, this.#count, reach), this.#away(at, 1, this.#count, reach)] as const;
    return this.#widen(ends, BULGE.smooth);
  }

  /** Direction away from a corner along one side. */
  #oneSided(at: number, sign: 1 | -1, most: number): Vector {
    return this.#widen((reach) => [at, this.#away(at, sign, most, reach)], BULGE.corner);
  }

  /** Between points as far apart as the line is nearly straight: the farther, the less the steps of pixels matter. */
  #widen(ends: (reach: number) => readonly [number, number], bulge: number): Vector {
    let [from, to] = ends(this.#reach);
    for (let reach = 2 * this.#reach; reach <= this.#farthest; reach *= 2) {
      const [farFrom, farTo] = ends(reach);
      if (this.#bulge(farFrom, farTo) > bulge * this.#tolerance) break;
      [from, to] = [farFrom, farTo];
    }
    return this.#direction(from, to);
  }

  /** Largest distance of the line between two of its points from the straight one. */
  #bulge(from: number, to: number): number {
    const [dx, dy] = this.#direction(from, to);
    let most = 0;
    for (let i = Math.min(from, to) + 1; i < Math.max(from, to); i++) {
      const off = Math.abs((this.#x(i) - this.#x(from)) * dy - (this.#y(i) - this.#y(from)) * dx);
      if (off > most) most = off;
    }
    return most;
  }

  /** The point so far along the line. */
  #away(at: number, sign: 1 | -1, most: number, reach = this.#reach): number {
    const start = this.#lengthTo(at);
    let i = at;
    do i += sign;
    while (Math.abs(this.#lengthTo(i) - start) < reach && Math.abs(i - at) < most);
    return i;
  }

  #direction(from: number, to: number): Vector {
    const [dx, dy] = [this.#x(to) - this.#x(from), this.#y(to) - this.#y(from)];
    const far = length(dx, dy);
    return far > 0 ? [dx / far, dy / far] : [1, 0];
  }

  /** Along the line, also for numbers of points that go around it. */
  #lengthTo(i: number): number {
    if (i >= 0 && i <= this.#count) return this.#lengths[i]!;
    const turns = Math.floor(i / this.#count);
    return this.#lengths[i - turns * this.#count]! + turns * this.#lengths[this.#count]!;
  }

  #distance(i: number, j: number): number {
    return length(this.#x(j) - this.#x(i), this.#y(j) - this.#y(i));
  }

  #x(i: number): number {
    return this.#points[2 * this.#wrap(i)]!;
  }

  #y(i: number): number {
    return this.#points[2 * this.#wrap(i) + 1]!;
  }

  #wrap(i: number): number {
    if (i >= 0 && i < this.#count) return i;
    const rest = i % this.#count;
    return rest < 0 ? rest + this.#count : rest;
  }
}
