/** A curve over all 16-bit alphas. Both curves keep 0 and 65535, and never turn back. */
export type Curve = Uint16Array;

/** a' = a + gain a (1 - a), gain -1..1: more or less of the semi-transparent band, with bounded slope (0..2). */
export function hairCurve(gain: number): Curve {
  return tabulate((a) => a + gain * a * (1 - a));
}

/** a' = 0.5 + (a - 0.5) / (1 - contrast / 100), clamped, contrast 0..100; at 100 everything from 0.5 up is solid. */
export function contrastCurve(contrast: number): Curve {
  if (contrast >= 100) return tabulate((a) => (a >= 0.5 ? 1 : 0));
  return tabulate((a) => Math.min(1, Math.max(0, 0.5 + (a - 0.5) / (1 - contrast / 100))));
}

export function applyCurve(data: Uint16Array, curve: Curve): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    // Most of a matte is 0 or 65535, which every curve keeps.
    if (value !== 0 && value !== 65535) data[i] = curve[value]!;
  }
}

/** In a loop: `from` with a function takes twenty times as long. */
function tabulate(curve: (alpha: number) => number): Curve {
  const table = new Uint16Array(65536);
  for (let value = 0; value < table.length; value++) table[value] = curve(value / 65535) * 65535 + 0.5;
  return table;
}
