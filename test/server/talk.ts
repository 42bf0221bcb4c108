import { expect } from 'vitest';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import type { ErrorBody } from '../../protocol/schemas/failure.ts';
import type { Answer } from './raw-socket.ts';

export * from './raw-socket.ts';

/** Checks the whole shape of a refusal, and returns its sentence. */
export function expectError(answer: Answer | null, code: ErrorCode): string {
  expect(answer, 'the server hung up without an answer').not.toBeNull();
  const { status, headers, body } = answer!;
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  const json = JSON.parse(body.toString()) as ErrorBody;
  expect(json).toEqual({ error: { code, message: expect.any(String), hint: ERRORS[code][2] } });
  expect(status).toBe(ERRORS[code][0]);
  expect(json.error.message).toMatch(/^[A-Z"].*\.$/s);
  expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  return json.error.message;
}

/** What the stand-in network and the snap make of a mean brightness of 0..1. */
export function expectedAlpha(mean: number, max: 255 | 65535): number {
  return Math.round(Math.min(1, Math.max(0, (mean - 1 / 255) / (1 - 2 / 255))) * max);
}
