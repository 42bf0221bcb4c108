import { readPsd } from 'ag-psd';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { MetadataChoice, ProfileChoice } from '../../../protocol/matte.ts';
import { inherit } from '../../../server/imaging/annotation.ts';
import { encodeAlphaPng, encodePng, openEncoded } from '../../../server/imaging/codec.ts';
import { readBlocks } from '../../../server/imaging/metadata/metadata.ts';
import { cleanXmp } from '../../../server/imaging/metadata/xmp.ts';
import type { Raster } from '../../../server/imaging/picture.ts';
import { encodePsd } from '../../../server/imaging/psd/document.ts';
import { findResource } from '../../../server/imaging/psd/find-resource.ts';
import { encodeTiff } from '../../../server/imaging/tiff/encode.ts';

const [WIDTH, HEIGHT] = [40, 20];

const XMP = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:t="http://ns.adobe.com/tiff/1.0/"
 xmlns:exif='http://ns.adobe.com/exif/1.0/' xmlns:dc="http://purl.org/dc/elements/1.1/" t:Orientation="6" exif:GPSLatitude="48,8N"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"><dc:rights>Anna &gt; all</dc:rights><exif:GPSAltitude>3/1</exif:GPSAltitude>
 <xmp:Thumbnails><rdf:Alt><rdf:li>AAAA</rdf:li></rdf:Alt></xmp:Thumbnails></rdf:Description></rdf:RDF></x:xmpmeta>`;

const BYLINE = Buffer.from('\x1c\x02\x50\x00\x04Anna', 'latin1');

/** JPEG, turned, 300 dpi, Display P3, with EXIF, XMP and records of the IPTC. */
async function photograph(): Promise<Buffer> {
  const jpeg = await sharp({ create: { width: HEIGHT, height: WIDTH, channels: 3, background: '#0f0' } })
    .withMetadata({ density: 300, orientation: 6 })
    .withIccProfile('p3')
    .withExif({ IFD0: { Artist: 'Anna' }, IFD2: { FNumber: '28/10' }, IFD3: { GPSLatitudeRef: 'N' } })
    .withXmp(XMP)
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  const start = Buffer.from('Photoshop 3.0\0' + '8BIM\x04\x04\0\0\0\0\0\x09', 'latin1');
  const block = Buffer.concat([start, BYLINE, Buffer.alloc(1)]);
  return Buffer.concat([jpeg.subarray(0, 2), Buffer.of(0xff, 0xed, 0, block.length + 2), block, jpeg.subarray(2)]);
}

async function inheritFrom(file: Buffer, profile: ProfileChoice = 'keep', metadata: MetadataChoice = 'keep') {
  const inherited = inherit(await openEncoded(file), { profile, metadata });
  return { ...inherited, raster: await inherited.readRaster(8) };
}

async function document(picture: Raster, annotation: Parameters<typeof encodePng>[1]): Promise<Buffer> {
  const { width, height } = picture;
  const alpha = { width, height, data: new Uint8Array(width * height) };
  const { chunks } = await encodePsd({ name: 'a', picture, alpha, annotation });
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

describe.each([
  ['png', encodePng],
  ['tiff', encodeTiff],
] as const)('a %s', (format, encode) => {
  it('keeps profile, numbers, resolution and what is written about the picture, but no place', async () => {
    const file = await photograph();
    const { raster, annotation } = await inheritFrom(file);
    const result = await encode(raster, annotation);
    const info = await sharp(result).metadata();
    expect(info).toMatchObject({ format, width: WIDTH, height: HEIGHT, density: 300 });
    expect(info.icc).toEqual((await sharp(file).metadata()).icc);
    expect(info.orientation ?? 1).toBe(1);
    expect(info.xmp!.toString()).toMatch(/xmp:Rating="4"[\s\S]*<dc:rights>Anna &gt; all<\/dc:rights>/);
    expect(info.xmp!.toString()).not.toMatch(/Orientation|GPS|Thumbnails|AAAA/);
    const stored = await sharp(result, { ignoreIcc: true }).raw().toBuffer();
    expect(stored).toEqual(Buffer.from(raster.data));
    // Green of sRGB in Display P3.
    for (const [i, value] of [117, 251, 76].entries()) expect(Math.abs(raster.data[i]! - value)).toBeLessThan(3);
    const { exif, iptc } = (await openEncoded(result)).metadata!;
    expect(exif!.image.find(({ tag }) => tag === 315)?.data.toString()).toBe('Anna\0');
    expect(exif!.photo.find(({ tag }) => tag === 33437)?.data).toEqual(Buffer.of(28, 0, 0, 0, 10, 0, 0, 0));
    expect(exif!.gps).toEqual([]);
    if (format === 'tiff') expect(iptc).toEqual(BYLINE);
    else expect(result.includes('Raw profile type iptc')).toBe(true);
  });

  it('is sRGB and says nothing else where that is wanted', async () => {
    const { raster, annotation } = await inheritFrom(await photograph(), 'srgb', 'none');
    const result = await encode(raster, annotation);
    expect([...raster.data.subarray(0, 3)].map((v) => Math.round(v / 10))).toEqual([0, 26, 0]);
    const info = await sharp(result).metadata();
    expect(info.density).toBe(300);
    expect(info.icc!.toString('latin1').replaceAll('\0', '')).toContain('sRGB');
    expect(info.exif ?? info.xmp ?? info.iptc).toBeUndefined();
    expect(result.includes('Anna')).toBe(false);
  });

  it('keeps the place when asked', async () => {
    const { raster, annotation } = await inheritFrom(await photograph(), 'keep', 'all');
    const { metadata } = await openEncoded(await encode(raster, annotation));
    expect(metadata!.exif!.gps.map(({ tag }) => tag)).toContain(1);
    expect(metadata!.xmp!.toString()).toContain('GPSLatitude="48,8N"');
  });
});

it('a document keeps the same', async () => {
  const file = await photograph();
  const { raster, annotation } = await inheritFrom(file);
  const psd = await document(raster, annotation);
  const resources = psd.subarray(30, 30 + psd.readUInt32BE(30) + 4).subarray(0);
  const blocks = resources.subarray(resources.indexOf('8BIM'));
  expect(findResource(blocks, 1039)).toEqual((await sharp(file).metadata()).icc);
  expect(findResource(blocks, 1028)).toEqual(BYLINE);
  const { imageResources } = readPsd(psd, { skipLayerImageData: true, skipCompositeImageData: true });
  expect(imageResources!.resolutionInfo).toMatchObject({ horizontalResolution: 300 });
  expect(imageResources!.xmpMetadata).toMatch(/Anna &gt; all/);
  expect(imageResources!.xmpMetadata).not.toMatch(/GPS/);
  expect(readBlocks({ exif: findResource(blocks, 1058)! }).exif!.image.map(({ tag }) => tag)).toContain(315);
});

it('16 bits in a profile of its own come out bit for bit', async () => {
  const file = await photograph();
  const { icc } = await sharp(file).metadata();
  const samples = Uint16Array.from({ length: 12 }, (_, i) => i * 5003);
  const deep = await encodeTiff({ width: 2, height: 2, channels: 3, data: samples }, { profile: icc! });
  const picture = await openEncoded(deep);
  expect(picture.depth).toBe(16);
  const { data } = await inherit(picture, { profile: 'keep', metadata: 'keep' }).readRaster(16);
  expect([...data]).toEqual([...samples]);
});

it('a matte has the resolution', async () => {
  const plane = { width: 2, height: 2, data: Uint8Array.of(0, 1, 2, 255) };
  for (const file of [await encodeAlphaPng(plane, { dpi: 240 }), await encodeTiff(plane, { dpi: 240 })]) {
    expect((await sharp(file).metadata()).density).toBe(240);
    expect([...(await sharp(file).extractChannel(0).raw().toBuffer())]).toEqual([0, 1, 2, 255]);
  }
});

describe('a background', () => {
  it('is converted to the colors of the result', async () => {
    const { encodeColor, encodeRaster } = await inheritFrom(await photograph());
    // Reference: little CMS.
    for (const [i, value] of encodeColor([0, 255, 0]).entries())
      expect(Math.abs(value - [117, 251, 76][i]!)).toBeLessThan(3);
    expect(encodeColor([128, 128, 128])).toEqual([128, 128, 128]);
    const data = Uint8Array.of(0, 255, 0, 128, 128, 128);
    expect([...encodeRaster({ width: 2, height: 1, channels: 3, data }).data.subarray(3)]).toEqual([128, 128, 128]);
    expect([...data.subarray(0, 3)]).toEqual(encodeColor([0, 255, 0]));
  });
});

describe('XMP', () => {
  const wrap = (body: string) =>
    Buffer.from(`<x xmlns:exif="http://ns.adobe.com/exif/1.0/"><rdf:RDF xmlns:rdf="r">${body}</rdf:RDF></x>`);

  it('nested elements of one name are left out whole, and the rest stays byte for byte', () => {
    const packet = wrap('<exif:GPSInfo><exif:GPSInfo>1</exif:GPSInfo>2</exif:GPSInfo><a b="&lt;">é</a><!-- "> -->');
    expect(cleanXmp(packet, false)!.toString()).toBe(wrap('<a b="&lt;">é</a><!-- "> -->').toString());
    expect(cleanXmp(packet, true)).toEqual(packet);
  });

  it('malformed packets are dropped', () => {
    for (const body of ['<exif:GPSInfo>', '<a b="c', '<a <b>', '<!-- '])
      expect(cleanXmp(Buffer.from(wrap(body).toString().replace('</rdf:RDF></x>', '')), false), body).toBeNull();
  });

  it('hostile packets of two megabytes cost one pass', () => {
    for (const part of ['<exif:GPSA>', '<', '"', "<a '", '<a b=', 'xmlns:a="', '</exif:GPSA', '\n'])
      cleanXmp(Buffer.from(wrap(part.repeat(2_000_000 / part.length))), false);
  });
});
