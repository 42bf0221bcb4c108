import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../protocol/errors.ts';
import { MAX_BODY_BYTES, MAX_PIXELS, MAX_SIDE } from '../../protocol/limits.ts';
import { HEADERS } from '../../protocol/matte.ts';
import { AppError } from '../../server/errors.ts';

describe('the error table', () => {
  it.each(Object.entries(ERRORS))('%s is a status, a sentence and a next step', (code, [status, message, hint]) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(status >= 400 && status < 600).toBe(true);
    for (const text of [message, hint]) expect(text).toMatch(/^[A-Z].*\.$/);
    expect(new AppError(code as keyof typeof ERRORS).toBody()).toEqual({ error: { code, message, hint } });
  });

  it('calls only the unforeseen a mistake of the server', () => {
    expect(Object.entries(ERRORS).flatMap(([code, [status]]) => (status === 500 ? [code] : []))).toEqual(['INTERNAL']);
  });

  it('keeps the cause out of the answer', () => {
    const error = new AppError('INTERNAL', 'Sentence.', { cause: new Error('secret') });
    expect(JSON.stringify(error.toBody())).not.toContain('secret');
    expect(error.cause).toBeInstanceOf(Error);
  });
});

describe('the limits', () => {
  it('fit together', () => {
    expect(MAX_BODY_BYTES).toBe(MAX_PIXELS * 8);
    expect(MAX_PIXELS).toBeLessThan(MAX_SIDE ** 2);
    expect(Object.values(HEADERS).every((name) => name === name.toLowerCase())).toBe(true);
  });
});
