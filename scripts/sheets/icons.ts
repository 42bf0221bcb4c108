import sharp from 'sharp';

const draw = (svg: Uint8Array, size: number): Promise<Buffer> =>
  sharp(svg, { density: (72 * size) / 128 })
    .resize(size, size)
    .png()
    .toBuffer();

/** An icon for Windows, its pictures as PNG. @param svg a square drawing, 128 units wide */
export async function drawIco(svg: Uint8Array): Promise<Buffer> {
  const sizes = [16, 24, 32, 48, 64, 256];
  const pictures = await Promise.all(sizes.map((size) => draw(svg, size)));
  const head = Buffer.alloc(6 + 16 * sizes.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(sizes.length, 4);
  let offset = head.length;
  for (const [index, size] of sizes.entries()) {
    const at = 6 + 16 * index;
    // 256 does not fit into the byte and is written 0.
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(pictures[index]!.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += pictures[index]!.length;
  }
  return Buffer.concat([head, ...pictures]);
}

/** An icon for macOS, its pictures as PNG. */
export async function drawIcns(svg: Uint8Array): Promise<Buffer> {
  const kinds = { ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic12: 64 };
  const parts = await Promise.all(
    Object.entries(kinds).map(async ([kind, size]) => block(kind, await draw(svg, size))),
  );
  return block('icns', Buffer.concat(parts));
}

function block(kind: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8, kind, 'latin1');
  head.writeUInt32BE(content.length + 8, 4);
  return Buffer.concat([head, content]);
}
