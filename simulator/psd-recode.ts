import { rgbToGray, rgbToLab } from './color.ts';
import type { Mode } from './document.ts';

/** The modes of files that a document can be saved in, by their number. */
const NUMBERS: Partial<Record<Mode, number>> = { Grayscale: 1, RGB: 3, CMYK: 4, Lab: 9 };

const [CHANNELS_AT, MODE_AT] = [12, 24];
/** Of channel data: as they are; packed. */
const [RAW, PACKED] = [0, 1];

interface Channel {
  readonly id: number;
  readonly data: Buffer;
}

/**
 * An 8-bit RGB file as one of another mode: ag-psd writes no other. Only what is color is made anew, without compression.
 * CMYK without black ink, which is read back as it was.
 */
export function recodePsd(bytes: Uint8Array, mode: Mode): Uint8Array {
  const number = NUMBERS[mode];
  if (number === undefined) throw new Error(`savePsd writes no ${mode} files`);
  if (mode === 'RGB') return bytes;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [height, width] = [file.readUInt32BE(14), file.readUInt32BE(18)];
  let at = 26;
  for (const _section of ['color mode data', 'resources']) at += 4 + file.readUInt32BE(at);
  const head = Buffer.from(file.subarray(0, at));
  const size = file.readUInt32BE(at);
  const layers = size > 0 ? recodeLayers(file.subarray(at + 4, at + 4 + size), mode) : Buffer.alloc(0);
  const count = head.readUInt16BE(CHANNELS_AT);
  const composite = recode(unpackComposite(file.subarray(at + 4 + size), width, height, count), mode);
  head.writeUInt16BE(composite.length, CHANNELS_AT);
  head.writeUInt16BE(number, MODE_AT);
  return Buffer.concat([head, u32(layers.length), layers, u16(RAW), ...composite.map(({ data }) => data)]);
}

function recodeLayers(section: Buffer, mode: Mode): Buffer {
  const size = section.readUInt32BE(0);
  const info = section.subarray(4, 4 + size);
  if (size === 0) return section;
  const records: { before: Buffer; after: Buffer; rect: number[]; channels: { id: number; size: number }[] }[] = [];
  let at = 2;
  for (let left = Math.abs(info.readInt16BE(0)); left > 0; left--) {
    const rect = [0, 4, 8, 12].map((offset) => info.readInt32BE(at + offset));
    const count = info.readUInt16BE(at + 16);
    const list = at + 18;
    const end = list + count * 6;
    const channels = Array.from({ length: count }, (_, index) => ({
      id: info.readInt16BE(list + index * 6),
      size: info.readUInt32BE(list + index * 6 + 2),
    }));
    const next = end + 12 + 4 + info.readUInt32BE(end + 12);
    records.push({ before: info.subarray(at, at + 16), after: info.subarray(end, next), rect, channels });
    at = next;
  }
  const out = records.map(({ before, after, rect, channels }) => {
    const [top, left, bottom, right] = rect as [number, number, number, number];
    const found = channels.map(({ id, size: length }) => {
      const data = info.subarray(at, at + length);
      at += length;
      return { id, data };
    });
    const isColor = ({ id }: Channel) => id >= 0 && id <= 2;
    const colors = found
      .filter(isColor)
      .map(({ id, data }) => ({ id, data: unpack(data, right - left, bottom - top) }));
    const made = recode(colors, mode).map(({ id, data }) => ({ id, data: Buffer.concat([u16(RAW), data]) }));
    const all = [...found.filter((channel) => !isColor(channel)), ...made];
    const list = all.map(({ id, data }) => Buffer.concat([u16(id & 0xffff), u32(data.length)]));
    return { record: Buffer.concat([before, u16(all.length), ...list, after]), data: all.map(({ data }) => data) };
  });
  const parts = [info.subarray(0, 2), ...out.map(({ record }) => record), ...out.flatMap(({ data }) => data)];
  const made = Buffer.concat(parts);
  const padding = Buffer.alloc(made.length % 2);
  return Buffer.concat([u32(made.length + padding.length), made, padding, section.subarray(4 + size)]);
}

/** Channels 0 to 2 as those of the mode; any others stay, after them. */
function recode(channels: readonly Channel[], mode: Mode): Channel[] {
  const [red, green, blue] = channels.filter(({ id }) => id >= 0).map(({ data }) => data);
  if (!red || !green || !blue) return [...channels];
  const rest = channels.slice(3).map(({ id, data }) => ({ id: id + (mode === 'CMYK' ? 1 : 0), data }));
  const rgb = new Uint8Array(red.length * 3);
  for (let i = 0; i < red.length; i++) rgb.set([red[i]!, green[i]!, blue[i]!], i * 3);
  const ofMode = (): readonly ArrayLike<number>[] => {
    if (mode === 'Grayscale') return [rgbToGray(rgb)];
    if (mode === 'CMYK') return [red, green, blue, new Uint8Array(red.length).fill(255)];
    const lab = rgbToLab(rgb);
    return [0, 1, 2].map((channel) => red.map((_, index) => lab[index * 3 + channel]!));
  };
  return [...ofMode().map((data, id) => ({ id, data: Buffer.from(data as Uint8Array) })), ...rest];
}

function unpackComposite(data: Buffer, width: number, height: number, count: number): Channel[] {
  const packed = data.readUInt16BE(0) === PACKED;
  let at = packed ? 2 + count * height * 2 : 2;
  return Array.from({ length: count }, (_, id) => {
    if (!packed) return { id, data: data.subarray(at + id * width * height, at + (id + 1) * width * height) };
    const out = Buffer.alloc(width * height);
    for (let row = 0; row < height; row++) {
      const size = data.readUInt16BE(2 + (id * height + row) * 2);
      unpackRow(data.subarray(at, at + size), out.subarray(row * width, (row + 1) * width));
      at += size;
    }
    return { id, data: out };
  });
}

function unpack(channel: Buffer, width: number, height: number): Buffer {
  const out = Buffer.alloc(width * height);
  if (out.length === 0) return out;
  if (channel.readUInt16BE(0) !== PACKED) return channel.subarray(2, 2 + out.length);
  let at = 2 + height * 2;
  for (let row = 0; row < height; row++) {
    const size = channel.readUInt16BE(2 + row * 2);
    unpackRow(channel.subarray(at, at + size), out.subarray(row * width, (row + 1) * width));
    at += size;
  }
  return out;
}

/** PackBits: a count of bytes that follow, or of repetitions of one. */
function unpackRow(packed: Buffer, row: Buffer): void {
  let to = 0;
  for (let at = 0; at < packed.length; ) {
    const count = packed.readInt8(at++);
    if (count >= 0) {
      packed.copy(row, to, at, at + count + 1);
      at += count + 1;
      to += count + 1;
    } else if (count > -128) {
      row.fill(packed[at++]!, to, to + 1 - count);
      to += 1 - count;
    }
  }
}

function u16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16BE(value);
  return out;
}

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}
