import { ByteWriter } from './bytes.ts';

/** Channel ids (specification, Layer Records, Channel information). */
export const CHANNEL = { red: 0, green: 1, blue: 2, transparency: -1, userMask: -2 } as const;

/** Layer flags (Layer Records): bit 1 hides the layer; bit 3 says that bit 4 means something, as since Photoshop 5. */
const HIDDEN = 0b0010;
const MODERN = 0b1000;

/** Pixels of a channel that know how long they are in the file. */
export interface Sized {
  size(isLarge: boolean): number;
}

interface Size {
  width: number;
  height: number;
}

/** A layer that covers the canvas. */
export interface Layer {
  name: string;
  isHidden: boolean;
  channels: readonly { id: number; data: Sized }[];
}

/** Specification, Layer and Mask Information Section, Layer Records. */
export function writeLayerRecord(out: ByteWriter, layer: Layer, canvas: Size, isLarge: boolean): void {
  writeBounds(out, canvas).u16(layer.channels.length);
  for (const { id, data } of layer.channels) out.u16(id).size(data.size(isLarge));
  // Blend mode normal, opacity 255, clipping base, flags, filler.
  out.key('8BIM').key('norm').u8(255).u8(0);
  out.u8(MODERN | (layer.isHidden ? HIDDEN : 0)).u8(0);
  const extra = new ByteWriter();
  if (layer.channels.some(({ id }) => id === CHANNEL.userMask)) {
    // Layer mask data: 20 bytes; black outside its bounds, no flags, two bytes of filler.
    writeBounds(extra.u32(20), canvas).u8(0).u8(0).u16(0);
  } else extra.u32(0);
  // No blending ranges: all tones blend.
  extra.u32(0);
  writeNames(extra, layer.name);
  out.u32(extra.length).bytes(extra.toBuffer());
}

/** Top, left, bottom, right. */
function writeBounds(out: ByteWriter, { width, height }: Size): ByteWriter {
  return out.u32(0).u32(0).u32(height).u32(width);
}

/** The old name (Pascal string, padded to 4) for readers that know no other, then the Unicode one, key `luni`. */
function writeNames(out: ByteWriter, name: string): void {
  const plain = Buffer.from(name.replace(/[^\x20-\x7e]/gu, '?').slice(0, 255), 'latin1');
  out.bytes(new ByteWriter().u8(plain.length).bytes(plain).pad(4).toBuffer());
  const unicode = new ByteWriter().unicode(name).pad(4);
  out.key('8BIM').key('luni').u32(unicode.length).bytes(unicode.toBuffer());
}
