import { ByteWriter } from './bytes.ts';

/**
 * Specification, Image Resource Blocks: signature, id, a name padded to even, the length, data padded to even.
 * @param name in ASCII
 */
export function packResource(id: number, data: Uint8Array, name = ''): Buffer {
  const out = new ByteWriter().key('8BIM').u16(id).u8(name.length).key(name).pad(2);
  return out.u32(data.length).bytes(data).pad(2).toBuffer();
}
