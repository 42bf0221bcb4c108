import type { Annotation } from '../annotation.ts';
import { packExif } from '../metadata/exif.ts';
import { ByteWriter } from './bytes.ts';
import { packClippingPath } from './clipping-path.ts';
import { IPTC_RESOURCE } from './find-resource.ts';
import { packResource } from './pack-resource.ts';

/** Image resource ids (specification, Image Resource IDs). */
const RESOLUTION = 1005;
const ICC_PROFILE = 1039;
const VERSION_INFO = 1057;
const EXIF = 1058;
const XMP = 1060;

/** Units of ResolutionInfo: pixels per inch, and a size shown in inches. */
const PER_INCH = 1;
const INCHES = 1;

/** What Photoshop assumes when a file has no resolution. */
const DEFAULT_DPI = 72;

/** Specification, Image Resources Section, with its length. @param srgb the profile of sRGB */
export function imageResources({ dpi = DEFAULT_DPI, profile, metadata, path }: Annotation, srgb: Uint8Array): Buffer {
  const blocks = new ByteWriter();
  // A 16.16 fixed-point number for each direction.
  const fixed = Math.min(0xffffffff, Math.round(dpi * 65536));
  const resolution = new ByteWriter();
  for (let i = 0; i < 2; i++) resolution.u32(fixed).u16(PER_INCH).u16(INCHES);
  writeResource(blocks, RESOLUTION, resolution);
  if (metadata?.iptc) blocks.bytes(packResource(IPTC_RESOURCE, metadata.iptc));
  blocks.bytes(packResource(ICC_PROFILE, profile ?? srgb));
  // Says that the merged image is a real one, which readers that do not compose layers want to know.
  const version = new ByteWriter().u32(1).u8(1).unicode('Hairline').unicode('Hairline').u32(1);
  writeResource(blocks, VERSION_INFO, version);
  if (metadata?.exif) blocks.bytes(packResource(EXIF, packExif(metadata.exif, !profile, dpi)));
  if (metadata?.xmp) blocks.bytes(packResource(XMP, metadata.xmp));
  if (path) blocks.bytes(packClippingPath(path));
  return new ByteWriter().u32(blocks.length).bytes(blocks.toBuffer()).toBuffer();
}

function writeResource(out: ByteWriter, id: number, data: ByteWriter): void {
  out.bytes(packResource(id, data.toBuffer()));
}
