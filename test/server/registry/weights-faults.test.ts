import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { buildStandIn, type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { expectError, post, rawHeaders } from '../talk.ts';

const pixel = { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(255, 255, 255) };
let server: StandInServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const FAULTS: Record<string, (file: string) => void> = {
  truncated: (file) => truncateSync(file, readFileSync(file).length - 1),
  empty: (file) => truncateSync(file, 0),
  'those of another model': (file) => writeFileSync(file, buildStandIn(32).onnx),
  'changed in one bit': (file) => {
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
  },
  'no network at all': (file) => writeFileSync(file, 'hello'),
};

it.each(Object.keys(FAULTS))('weights that are %s are refused by name, and the server answers on', async (fault) => {
  // Started without, so that nothing of the right ones is in memory.
  server = await startStandInServer({}, { install: false });
  const { weightsFile, url, port } = server;
  expectError(await post(port, pixel), 'WEIGHTS_MISSING');
  const { onnx } = buildStandIn(64);
  writeFileSync(weightsFile, onnx);
  FAULTS[fault]!(weightsFile);
  expectError(await post(port, pixel), 'WEIGHTS_CORRUPT');
  const ready = await (await fetch(`${url}/ready`)).json();
  expect(ready).toMatchObject({ ready: false, reason: expect.stringMatching(/\w/) });
  expect((await fetch(`${url}/health`)).status).toBe(200);
  // Repaired while it runs, as by "hairline models pull --force".
  writeFileSync(weightsFile, onnx);
  expect((await post(port, pixel)).status).toBe(200);
});
