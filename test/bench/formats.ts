import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../server/errors.ts';
import { openEncoded } from '../../server/imaging/codec.ts';

/**
 * Which files of a folder are read, kind by kind, and why the others are not. Ends with 1 where one is refused as none of our
 * refusals. Usage: npm run bench:formats -- <folder>...
 */
const kinds = new Map<string, { read: number; tried: number; refused: string[] }>();
for (const folder of process.argv.slice(2)) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const kind = path.extname(entry.name).slice(1).toLowerCase();
    if (!entry.isFile() || !kind) continue;
    const count = kinds.get(kind) ?? { read: 0, tried: 0, refused: [] };
    kinds.set(kind, count);
    count.tried++;
    try {
      await (await openEncoded(readFileSync(path.join(entry.parentPath, entry.name)))).readRaster(8);
      count.read++;
    } catch (error) {
      const isOurs = error instanceof AppError;
      if (!isOurs) process.exitCode = 1;
      count.refused.push(`${entry.name}: ${isOurs ? error.message : (error as Error).stack}`);
    }
  }
}
for (const [kind, { read, tried, refused }] of [...kinds].sort()) {
  console.log(`${kind.padEnd(6)} ${read} of ${tried}`);
  for (const text of refused) console.log(`       ${text}`);
}
const [read, tried] = [...kinds.values()].reduce(([r, t], kind) => [r + kind.read, t + kind.tried], [0, 0]);
console.log(`read ${read} of ${tried}`);
