import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import type { ErrorBody } from '../../protocol/schemas/failure.ts';
import { sniffType } from '../../server/imaging/formats.ts';
import type { Plane } from './metrics/plane.ts';
import { fileOf, listByStem, type Pair, readPlane } from './quality-folder.ts';

/** A matte to be scored, and what it cost where that is known. */
export interface Answer {
  matte: Plane;
  cost: Cost | null;
}

export interface Cost {
  /** From the first byte of the request to the last byte of the answer. */
  seconds: number;
  /** Milliseconds per stage, as the server tells. */
  timings: Record<string, number>;
  /** How often a network ran, where the server tells. */
  runs: number | null;
  model: string;
  provider: string;
  /** The most memory that the server has held since it started, in bytes. */
  peakBytes: number;
}

export interface MatteSource {
  /** One line for the head of the report. */
  readonly description: string;
  matte(pair: Pair): Promise<Answer>;
  close(): Promise<void>;
}

/** A running server and its memory; where it runs is the caller's business. */
export interface MeasuredServer {
  readonly url: string;
  peakBytes(): Promise<number>;
  close(): Promise<void>;
}

/** Asks the product itself: the file's bytes over HTTP, the answer as raw 16-bit alpha. */
export function askServer(server: MeasuredServer, parameters: Readonly<Record<string, string>>): MatteSource {
  const query = new URLSearchParams({ ...parameters, output: 'alpha', depth: '16' });
  const given = Object.entries(parameters).map(([name, value]) => `, ${name} ${value}`);
  return {
    description: `Hairline's server${given.join('')}`,
    async matte(pair) {
      const body = await readFile(pair.image);
      const began = performance.now();
      const response = await fetch(`${server.url}/v1/mattes?${query}`, {
        method: 'POST',
        body,
        headers: { 'content-type': sniffType(body) ?? RAW_TYPE, accept: RAW_TYPE },
      });
      const bytes = await response.arrayBuffer();
      const seconds = (performance.now() - began) / 1000;
      if (!response.ok) {
        const { error } = JSON.parse(Buffer.from(bytes).toString()) as ErrorBody;
        throw new Error(`The server refused ${pair.name}: ${error.message} ${error.hint}`);
      }
      const header = (name: string) => response.headers.get(name) ?? '';
      const matte: Plane = {
        width: Number(header(HEADERS.width)),
        height: Number(header(HEADERS.height)),
        data: new Uint16Array(bytes),
      };
      const cost: Cost = {
        seconds,
        ...readServerTiming(header('server-timing')),
        model: header(HEADERS.model),
        provider: header(HEADERS.provider),
        peakBytes: await server.peakBytes(),
      };
      return { matte, cost };
    },
    close: () => server.close(),
  };
}

/** Existing mattes, found by stem. */
export async function readMattesFrom(folder: string): Promise<MatteSource> {
  const files = await listByStem(folder);
  return {
    description: `mattes of ${path.basename(path.resolve(folder))}`,
    async matte({ name }) {
      return { matte: await readPlane(fileOf(files, name, folder)), cost: null };
    },
    close: async () => undefined,
  };
}

/** `decode;dur=1.5, runs;desc="2"` -> durations by name, and the number that `runs` describes. */
export function readServerTiming(header: string): { timings: Record<string, number>; runs: number | null } {
  const timings: Record<string, number> = {};
  let runs: number | null = null;
  for (const entry of header.split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
    for (const parameter of parameters) {
      const [key, value = ''] = parameter.split('=');
      const number = Number(value.replaceAll('"', ''));
      if (Number.isNaN(number)) continue;
      if (key === 'dur') timings[name] = number;
      if (key === 'desc' && name === 'runs') runs = number;
    }
  }
  return { timings, runs };
}
