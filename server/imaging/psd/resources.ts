import { ByteWriter } from './bytes.ts';

/** Image resource ids (specification, Image Resource IDs). */
const RESOLUTION = 1005;
const ICC_PROFILE = 1039;
const VERSION_INFO = 1057;

/** Units of ResolutionInfo: pixels per inch, and a size shown in inches. */
const PER_INCH = 1;
const INCHES = 1;

/** Specification, Image Resources Section, with its length. */
export function imageResources(dpi: number, profile: Uint8Array): Buffer {
  const blocks = new ByteWriter();
  // A 16.16 fixed-point number for each direction.
  const fixed = Math.round(dpi * 65536);
  const resolution = new ByteWriter();
  for (let i = 0; i < 2; i++) resolution.u32(fixed).u16(PER_INCH).u16(INCHES);
  writeResource(blocks, RESOLUTION, resolution);
  writeResource(blocks, ICC_PROFILE, new ByteWriter().bytes(profile));
  // Says that the merged image is a real one, which readers that do not compose layers want to know.
  const version = new ByteWriter().u32(1).u8(1).unicode('Hairline').unicode('Hairline').u32(1);
  writeResource(blocks, VERSION_INFO, version);
  return new ByteWriter().u32(blocks.length).bytes(blocks.toBuffer()).toBuffer();
}

/** Specification, Image Resource Blocks: signature, id, an empty name of two bytes, the length, data padded to even. */
function writeResource(out: ByteWriter, id: number, data: ByteWriter): void {
  out.key('8BIM').u16(id).u16(0).u32(data.length).bytes(data.toBuffer()).pad(2);
}
