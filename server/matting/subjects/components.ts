/** Areas that hang together by their sides, numbered from 1 in reading order; 0 lies in none. */
export interface Components {
  labels: Int32Array;
  /** Samples per label; the first entry counts nothing. */
  sizes: number[];
}

/** The 4-connected components of a mask of `width` samples a row, in linear time. */
export function findComponents(mask: Uint8Array, width: number): Components {
  const labels = new Int32Array(mask.length);
  const stack = new Int32Array(mask.length);
  const sizes = [0];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || labels[start]) continue;
    const label = sizes.length;
    let depth = 0;
    let size = 0;
    const push = (at: number) => {
      if (!mask[at] || labels[at]) return;
      labels[at] = label;
      stack[depth++] = at;
    };
    push(start);
    while (depth > 0) {
      const at = stack[--depth]!;
      const x = at % width;
      size++;
      if (x > 0) push(at - 1);
      if (x < width - 1) push(at + 1);
      if (at >= width) push(at - width);
      if (at < mask.length - width) push(at + width);
    }
    sizes.push(size);
  }
  return { labels, sizes };
}

/** 1 where a sample is above the level. In a loop: `from` with a function takes twenty times as long. */
export function maskAbove(data: Float32Array, level: number): Uint8Array {
  const mask = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) if (data[i]! > level) mask[i] = 1;
  return mask;
}
