/** A layer of one flat color; `color` has the values of the file's own channels. */
export interface FileLayer {
  name: string;
  color: readonly number[];
  /** Additional blocks, by their four letters. */
  blocks?: Readonly<Record<string, Uint8Array>>;
}

export interface PsdFile {
  /** 3 RGB, 4 CMYK, 9 Lab */
  mode: 3 | 4 | 9;
  width: number;
  height: number;
  /** Absent: a file without layers, that `composite` shows. */
  layers?: readonly FileLayer[];
  composite: readonly number[];
  /** Whether the rows of the composite are run lengths. */
  packed?: boolean;
  resources?: Readonly<Record<number, Uint8Array>>;
}

const u16 = (...values: number[]) => Buffer.concat(values.map((value) => Buffer.of((value >> 8) & 255, value & 255)));
const u32 = (...values: number[]) => u16(...values.flatMap((value) => [value >>> 16, value & 0xffff]));
const sized = (...parts: Uint8Array[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length), body]);
};
const text = (value: string) => Buffer.from(value, 'latin1');
const even = (part: Uint8Array) => Buffer.concat([part, Buffer.alloc(part.length % 2)]);

/** A PSD file by hand, for what the library that writes our own does not know. */
export function psdFile({ mode, width, height, layers, composite, packed, resources = {} }: PsdFile): Uint8Array {
  const blocksOf = (list: Readonly<Record<number, Uint8Array>>) =>
    Object.entries(list).map(([id, data]) =>
      Buffer.concat([text('8BIM'), u16(Number(id)), u16(0), u32(data.length), even(data)]),
    );
  const flat = (value: number) => Buffer.alloc(width * height, value);
  const records = (layers ?? []).map(({ name, color, blocks = {} }) => {
    const channels = color.map((_, id) => Buffer.concat([u16(id), u32(2 + width * height)]));
    const more = Object.entries(blocks).map(([key, data]) =>
      Buffer.concat([text('8BIM'), text(key), u32(data.length), even(data)]),
    );
    const padded = Buffer.alloc(Math.ceil((name.length + 1) / 4) * 4);
    padded.write(`${String.fromCharCode(name.length)}${name}`, 'latin1');
    return Buffer.concat([
      u32(0, 0, height, width),
      u16(color.length),
      ...channels,
      text('8BIMnorm'),
      Buffer.of(255, 0, 8, 0),
      sized(u32(0), u32(0), padded, ...more),
    ]);
  });
  const pixels = (layers ?? []).flatMap(({ color }) => color.map((value) => Buffer.concat([u16(0), flat(value)])));
  const info = even(Buffer.concat([u16(records.length), ...records, ...pixels]));
  // A run of `width` equal bytes is the two bytes 257 - width and the value.
  const rows = composite.flatMap((value) => Array.from({ length: height }, () => Buffer.of(257 - width, value)));
  const image = packed
    ? Buffer.concat([u16(1), ...rows.map(() => u16(2)), ...rows])
    : Buffer.concat([u16(0), ...composite.map(flat)]);
  return Buffer.concat([
    ...[text('8BPS'), u16(1), Buffer.alloc(6), u16(composite.length), u32(height, width), u16(8, mode)],
    ...[u32(0), sized(...blocksOf(resources))],
    layers ? sized(sized(info), u32(0)) : u32(0),
    image,
  ]);
}
