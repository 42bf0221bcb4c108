import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAdapters } from '../../../server/inference/graphics-cards.ts';
import { verdictKey } from '../../../server/inference/load-session.ts';
import { openVerdictMemory } from '../../../server/inference/verdict-memory.ts';
import { buildStandIn } from '../../fixtures/stand-in.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hairline-verdicts-'));
  file = path.join(folder, 'providers.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const stored = () => JSON.parse(readFileSync(file, 'utf8')) as { verdicts: Record<string, { verdict: string }> };

test('verdicts outlive the process, each under its own key', () => {
  openVerdictMemory(folder, 'a').end({ verdict: 'passed' });
  openVerdictMemory(folder, 'b').end({ verdict: 'failed', reason: 'flat' });
  expect(openVerdictMemory(folder, 'a').recall()).toEqual({ verdict: 'passed' });
  expect(openVerdictMemory(folder, 'b').recall()).toEqual({ verdict: 'failed', reason: 'flat' });
  expect(openVerdictMemory(folder, 'c').recall()).toBeNull();
});

test('a leftover mark means that the trial crashed', () => {
  writeMark({ pid: 2 ** 22 + 1, at: new Date().toISOString() });
  expect(openVerdictMemory(folder, 'a').recall()).toEqual({ verdict: 'crashed' });
});

test('a mark of this very process id is from an earlier life of it', () => {
  writeMark({ pid: process.pid, at: new Date().toISOString() });
  expect(openVerdictMemory(folder, 'a').recall()).toEqual({ verdict: 'crashed' });
});

test('another process in the middle of its trial is no crash, unless it takes for ever', async () => {
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
  try {
    writeMark({ pid: other.pid!, at: new Date().toISOString() });
    expect(openVerdictMemory(folder, 'a').recall()).toBeNull();
    writeMark({ pid: other.pid!, at: new Date(Date.now() - 3_600_000).toISOString() });
    expect(openVerdictMemory(folder, 'a').recall()).toEqual({ verdict: 'crashed' });
  } finally {
    other.kill();
  }
});

test('the mark is written before the trial, and an orderly exit takes it away', () => {
  const listeners = process.listeners('exit');
  const memory = openVerdictMemory(folder, 'a');
  memory.begin();
  expect(stored().verdicts.a?.verdict).toBe('trying');
  const added = process.listeners('exit').filter((listener) => !listeners.includes(listener));
  expect(added).toHaveLength(1);
  added[0]!(0);
  expect(stored().verdicts).toEqual({});
  memory.end({ verdict: 'passed' });
  expect(process.listeners('exit')).toEqual(listeners);
});

test('Ctrl-C removes the mark, and other listeners still get the signal', () => {
  const others = () => undefined;
  process.on('SIGINT', others);
  const memory = openVerdictMemory(folder, 'a');
  try {
    memory.begin();
    process.emit('SIGINT', 'SIGINT');
    expect(stored().verdicts).toEqual({});
    memory.end({ verdict: 'passed' });
    expect(memory.recall()).toEqual({ verdict: 'passed' });
  } finally {
    process.removeListener('SIGINT', others);
  }
});

test.each(['', '{', '[]', '{"version":2,"verdicts":{}}', '{"version":1,"verdicts":{"a":{"verdict":"good"}}}'])(
  'the garbled file %j knows nothing, and is replaced',
  (text) => {
    writeFileSync(file, text);
    const memory = openVerdictMemory(folder, 'a');
    expect(memory.recall()).toBeNull();
    memory.end({ verdict: 'passed' });
    expect(memory.recall()).toEqual({ verdict: 'passed' });
  },
);

test('a folder that cannot be made costs the memory only', () => {
  writeFileSync(path.join(folder, 'file'), '');
  const memory = openVerdictMemory(path.join(folder, 'file', 'cache'), 'a');
  memory.begin();
  memory.end({ verdict: 'passed' });
  expect(memory.recall()).toBeNull();
});

test('old entries make room', () => {
  for (let i = 0; i < 60; i++) openVerdictMemory(folder, `key ${i}`).end({ verdict: 'passed' });
  expect(Object.keys(stored().verdicts)).toHaveLength(50);
  expect(openVerdictMemory(folder, 'key 59').recall()).not.toBeNull();
  expect(openVerdictMemory(folder, 'key 0').recall()).toBeNull();
});

const WEIGHTS = new Uint8Array();

test('other weights, another provider or another computer ask anew', () => {
  const { spec } = buildStandIn(64);
  const other = buildStandIn(32).spec;
  const keys = [
    verdictKey(spec, 'dml', 'onnxruntime 1.30.0 | card 1.0', WEIGHTS),
    verdictKey(other, 'dml', 'onnxruntime 1.30.0 | card 1.0', WEIGHTS),
    verdictKey(spec, 'webgpu', 'onnxruntime 1.30.0 | card 1.0', WEIGHTS),
    verdictKey(spec, 'dml', 'onnxruntime 1.31.0 | card 1.0', WEIGHTS),
    verdictKey(spec, 'dml', 'onnxruntime 1.30.0 | card 1.1', WEIGHTS),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  const { sha256: _, ...weights } = spec.weights;
  const anywhere = { ...spec, weights };
  const key = (bytes: Uint8Array) => verdictKey(anywhere, 'dml', 'card', bytes);
  expect(key(WEIGHTS)).not.toBe(key(Uint8Array.of(1)));
});

test('graphics cards of the Windows registry', () => {
  const key = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}';
  const names = `\r\n${key}\\0000\r\n    DriverDesc    REG_SZ    NVIDIA GeForce RTX 3070\r\n\r\n${key}\\0001\r\n    DriverDesc    REG_SZ    Intel(R) UHD Graphics 770\r\n\r\nEnd of search: 2 match(es) found.\r\n`;
  const drivers = `${key}\\0000\r\n    DriverVersion    REG_SZ    32.0.15.6094\r\n${key}\\0000\\UMD\r\n    DriverVersion    REG_SZ    1\r\n`;
  expect(parseAdapters(names, drivers)).toEqual([
    { name: 'NVIDIA GeForce RTX 3070', driver: '32.0.15.6094' },
    { name: 'Intel(R) UHD Graphics 770', driver: '' },
  ]);
  expect(parseAdapters('', 'ERROR: Access is denied.')).toEqual([]);
});

function writeMark(mark: { pid: number; at: string }): void {
  writeFileSync(file, JSON.stringify({ version: 1, verdicts: { a: { verdict: 'trying', reason: null, ...mark } } }));
}
