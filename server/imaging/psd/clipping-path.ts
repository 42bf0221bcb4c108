import { PATH_NAME } from '../../../protocol/matte.ts';
import type { ClippingPath, Knot, Place } from '../../../protocol/schemas/path.ts';
import { ByteWriter } from './bytes.ts';
import { packResource } from './pack-resource.ts';

/** Image resource ids: the first and the last saved path, and the name of the clipping path (specification, Image Resource IDs). */
export const FIRST_PATH = 2000;
export const LAST_PATH = 2997;
export const CLIPPING_PATH = 2999;

/** Kinds of records (specification, Path records). */
const RECORD = { closedSubpath: 0, smoothKnot: 1, cornerKnot: 2, fillRule: 6, initialFill: 8 } as const;
const RECORD_BYTES = 26;

/** Where two subpaths overlap, nothing is inside: the combination that readers of any age know. */
const EXCLUDE = 0;

/** The path under its name as an image resource, and the one that makes it the clipping path of the document. */
export function packClippingPath(path: ClippingPath): Buffer {
  return Buffer.concat([
    packResource(FIRST_PATH, packPath(path), PATH_NAME),
    packResource(CLIPPING_PATH, packClipping(PATH_NAME)),
  ]);
}

/** Specification, Path resource format: records of 26 bytes. */
export function packPath({ width, height, subpaths }: ClippingPath): Buffer {
  const out = new ByteWriter();
  const end = (record: ByteWriter) => out.bytes(record.pad(RECORD_BYTES).toBuffer());
  end(new ByteWriter().u16(RECORD.fillRule));
  end(new ByteWriter().u16(RECORD.initialFill));
  for (const { knots } of subpaths) {
    end(new ByteWriter().u16(RECORD.closedSubpath).u16(knots.length).u16(EXCLUDE));
    for (const knot of knots) end(packKnot(knot, width, height));
  }
  return out.toBuffer();
}

/** Vertical before horizontal, as fractions of the document in fixed point with 24 bits behind it. */
function packKnot({ anchor, before, after, isSmooth }: Knot, width: number, height: number): ByteWriter {
  const record = new ByteWriter().u16(isSmooth ? RECORD.smoothKnot : RECORD.cornerKnot);
  // Of layers that reach far beyond a small canvas; the format ends there.
  const fixed = (value: number) => record.u32(Math.round(Math.min(15.9, Math.max(-16, value)) * 2 ** 24) >>> 0);
  for (const [x, y] of [before, anchor, after] satisfies Place[]) {
    fixed(y / height);
    fixed(x / width);
  }
  return record;
}

/** A Pascal string, padded to even; flatness in fixed point, 0 for what the device does by itself; a fill rule that Photoshop ignores. */
export function packClipping(name: string): Buffer {
  return new ByteWriter().u8(name.length).key(name).pad(2).u32(0).u16(1).toBuffer();
}
