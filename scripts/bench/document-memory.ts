import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openEncoded } from '../../server/imaging/codec.ts';
import { openLayer } from '../../server/imaging/psd/open-layer.ts';
import { fileSource } from '../../server/imaging/psd/source.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { family } from './memory-server.ts';

/**
 * What `hairline matte --into psd` costs for a large document beyond a matte of the layer alone: the peaks of all its processes,
 * added up, against those of the same command for the layer as a TIFF. Linux only: it reads /proc.
 * Usage: npm run bench:document [-- --layers 5 --width 6000 --height 4000]
 */
const { values } = parseArgs({
  options: {
    layers: { type: 'string', default: '5' },
    width: { type: 'string', default: '6000' },
    height: { type: 'string', default: '4000' },
  },
});
const [layers, width, height] = [Number(values.layers), Number(values.width), Number(values.height)];
const SAMPLE = path.join(packageRoot, 'node_modules/@vladmandic/face-api/demo/sample4.jpg');

const folder = await mkdtemp(path.join(tmpdir(), 'hairline-bench-'));
try {
  const document = path.join(folder, 'document.psb');
  await writeDocument(document);
  const picture = path.join(folder, 'layer.tif');
  const file = await open(document);
  const { size } = await stat(document);
  await writeFile(picture, await (await openLayer(fileSource(file, size))).readPicture());
  await file.close();
  console.log(`${megabytes(size)}: ${layers} layers of ${width} x ${height}, 16 bits, not packed`);
  const alone = await measure([picture, '--outputs', 'alpha', '--depth', '16']);
  const into = await measure([document, '--into', 'psd']);
  console.log('| command | peak of its processes | wall |\n|---|---|---|');
  console.log(`| matte of the layer as TIFF | ${megabytes(alone.peak)} | ${alone.seconds.toFixed(0)} s |`);
  console.log(`| --into psd | ${megabytes(into.peak)} | ${into.seconds.toFixed(0)} s |`);
  console.log(`above the matte: ${megabytes(into.peak - alone.peak)} (aim: below 300 MB)`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** A portrait, enlarged, in each layer and in the merged image; lines are written as they are drawn. */
async function writeDocument(target: string): Promise<void> {
  const photo = await (await openEncoded(await readFile(SAMPLE))).readGrid(width, height);
  const out = await open(target, 'w');
  const [u16, u32, u64] = [2, 4, 8].map((bytes) => (value: number) => {
    const number = Buffer.alloc(bytes);
    number.writeUIntBE(value, Math.max(0, bytes - 6), Math.min(6, bytes));
    return number;
  }) as [(v: number) => Buffer, (v: number) => Buffer, (v: number) => Buffer];
  const text = (letters: string) => Buffer.from(letters, 'latin1');
  const plane = 2 * width * height;
  const record = () =>
    Buffer.concat([
      ...[u32(0), u32(0), u32(height), u32(width), u16(4)],
      ...[0xffff, 0, 1, 2].flatMap((id) => [u16(id), u64(plane + 2)]),
      ...[text('8BIMnorm'), Buffer.of(255, 0, 8, 0), u32(12), u32(0), u32(0), text('\x03abc')],
    ]);
  const records = Buffer.concat([u16(layers), ...Array.from({ length: layers }, record)]);
  const pixels = layers * 4 * (plane + 2);
  const padded = (records.length + pixels + 3) & ~3;
  await out.write(
    Buffer.concat([text('8BPS'), u16(2), Buffer.alloc(6), u16(3), u32(height), u32(width), u16(16), u16(3)]),
  );
  await out.write(
    Buffer.concat([u32(0), u32(0), u64(8 + 4 + 16 + padded), u64(0), u32(0), text('8BIMLr16'), u64(padded)]),
  );
  await out.write(records);
  for (let i = 0; i < layers; i++) for (const channel of [null, 0, 1, 2]) await writePlane(channel, true);
  await out.write(Buffer.alloc(padded - records.length - pixels));
  await out.write(u16(0));
  for (const channel of [0, 1, 2]) await writePlane(channel, false);
  await out.close();

  async function writePlane(channel: number | null, hasHead: boolean): Promise<void> {
    if (hasHead) await out.write(u16(0));
    const lines = 64;
    for (let top = 0; top < height; top += lines) {
      const count = Math.min(lines, height - top) * width;
      const part = Buffer.alloc(2 * count, 0xff);
      if (channel !== null)
        for (let i = 0, s = 3 * top * width + channel; i < count; i++, s += 3)
          part.writeUInt16BE(257 * photo[s]!, 2 * i);
      await out.write(part);
    }
  }
}

/** Starts the command with a server of its own, and adds up the most that each of its processes held. */
async function measure(args: string[]): Promise<{ peak: number; seconds: number }> {
  const main = path.join(packageRoot, 'server', 'cli', 'bin.mjs');
  const env = {
    ...process.env,
    HAIRLINE_CONFIG: path.join(folder, 'config'),
    HAIRLINE_PORT: '0',
    HAIRLINE_LOG: 'silent',
  };
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [main, 'matte', ...args, '--refine', 'fast', '--quiet', '-d', path.join(folder, 'out')],
    { env, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const peaks = new Map<number, number>();
  while (child.exitCode === null && child.signalCode === null) {
    for (const pid of await family(child.pid!).catch(() => [])) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const peak = 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      peaks.set(pid, Math.max(peak, peaks.get(pid) ?? 0));
    }
    await wait(100);
  }
  await ended;
  if (child.exitCode !== 0) throw new Error(`The command ended with ${child.exitCode}.`);
  return {
    peak: [...peaks.values()].reduce((sum, peak) => sum + peak, 0),
    seconds: (performance.now() - began) / 1000,
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
