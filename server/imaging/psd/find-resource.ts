/** Image resource with the records of the IPTC (specification, Image Resource IDs). */
export const IPTC_RESOURCE = 1028;

/**
 * The data of one of Photoshop's image resources; null where it is missing or lies beyond the end. Specification, Image
 * Resource Blocks: signature, id, a padded name, the length, data padded to even.
 */
export function findResource(blocks: Buffer, id: number): Buffer | null {
  for (let at = 0; at + 12 <= blocks.length; ) {
    const name = (1 + blocks[at + 6]! + 1) & ~1;
    if (at + 10 + name > blocks.length) break;
    const start = at + 10 + name;
    const length = blocks.readUInt32BE(start - 4);
    if (blocks.readUInt16BE(at + 4) === id && start + length <= blocks.length)
      return blocks.subarray(start, start + length);
    at = start + length + (length & 1);
  }
  return null;
}
