import type { Dim } from './tensor.ts';

/**
 * Arithmetic on dimensions of which some are symbols. A symbol's text is its own formula in a normal form, so two
 * dimensions are the same exactly when their texts are: sums with a constant are kept as `(x+c)`, and a product by a
 * constant cancels against the division by it. That is enough for paddings, crops and strides to meet again.
 */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'number') return addDims(b, a);
  if (typeof b === 'string') return negated(a, b) ? 0 : `(${a}+${b})`;
  const sum = /^\((.*)\+(-?\d+)\)$/.exec(a);
  if (sum && balanced(sum[1]!)) return addDims(sum[1]!, Number(sum[2]) + b);
  return b === 0 ? a : `(${a}+${b})`;
}

export function subtractDims(a: Dim, b: Dim): Dim {
  if (typeof b === 'number') return addDims(a, -b);
  return a === b ? 0 : addDims(multiplyDims(b, -1), a);
}

export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  if (typeof a === 'number') return multiplyDims(b, a);
  if (b === 0) return 0;
  if (b === 1) return a;
  const product = typeof b === 'number' ? /^\((.*)\*(-?\d+)\)$/.exec(a) : null;
  if (product && balanced(product[1]!)) return multiplyDims(product[1]!, Number(product[2]) * Number(b));
  return `(${a}*${b})`;
}

export function floorDivideDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return Math.floor(a / b);
  if (b === 1) return a;
  const product = /^\((.*)\*(-?\d+)\)$/.exec(String(a));
  if (typeof b === 'number' && product && balanced(product[1]!) && Number(product[2]) % b === 0) {
    return multiplyDims(product[1]!, Number(product[2]) / b);
  }
  return `floor(${a}/${b})`;
}

export function floorModDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a - Math.floor(a / b) * b;
  if (b === 1) return 0;
  const product = /^\((.*)\*(-?\d+)\)$/.exec(String(a));
  if (typeof b === 'number' && product && balanced(product[1]!) && Number(product[2]) % b === 0) return 0;
  return `mod(${a},${b})`;
}

export function ceilDivideDims(a: Dim, b: number): Dim {
  return floorDivideDims(addDims(a, b - 1), b);
}

/** The product of all dimensions, for counts of elements. */
export function productOf(dims: readonly Dim[]): Dim {
  return dims.reduce<Dim>((product, n) => multiplyDims(product, n), 1);
}

export function isStatic(dims: readonly Dim[]): dims is number[] {
  return dims.every((n) => typeof n === 'number');
}

/** The size of two operands' common dimension. Two different symbols are trusted to be equal when the graph runs. */
function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  return typeof a === 'number' ? a : b;
}

export function broadcastShapes(a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  const at = (shape: readonly Dim[], d: number) => shape[d - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, d) => broadcastDim(at(a, d), at(b, d)));
}

function negated(a: string, b: string): boolean {
  return multiplyDims(a, -1) === b || multiplyDims(b, -1) === a;
}

/** Whether a text cut out of a formula is a formula itself, and not `x)+(y`. */
function balanced(text: string): boolean {
  let depth = 0;
  for (const c of text) {
    if (c === '(') depth++;
    if (c === ')' && --depth < 0) return false;
  }
  return depth === 0;
}
