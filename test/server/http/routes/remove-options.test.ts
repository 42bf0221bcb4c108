import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../server/errors.ts';
import { readRemoveOptions } from '../../../../server/http/routes/remove-options.ts';

const plain = {
  url: null,
  model: 'auto',
  subject: 'object',
  output: 'cutout',
  background: 'white',
  decontaminate: 1,
  hard: false,
};

describe('readRemoveOptions', () => {
  it.each<[Record<string, unknown>, object]>([
    [{}, {}],
    [{ model: 'u2net' }, {}],
    [{ model: 'bria-rmbg' }, {}],
    [{ model: 'isnet-general-use' }, {}],
    [{ model: 'u2net_human_seg' }, { subject: 'portrait' }],
    [{ model: 'birefnet-portrait' }, { subject: 'portrait' }],
    [{ model: 'auto' }, { subject: 'portrait' }],
    [{ model: 'rvm' }, { model: 'rvm', subject: 'portrait' }],
    // Clothes, points to click on, weights of one's own: nothing here does these, so they stay unknown names.
    [{ model: 'u2net_cloth_seg' }, { model: 'u2net_cloth_seg', subject: 'portrait' }],
    [{ model: 'sam' }, { model: 'sam', subject: 'portrait' }],
    [{ model: '__proto__' }, { model: '__proto__', subject: 'portrait' }],
    [{ om: 'true' }, { output: 'alpha' }],
    [
      { om: 'True', bgc: '1,2,3' },
      { output: 'alpha', background: 'rgb(1, 2, 3)' },
    ],
    [{ om: ['true', 'false'] }, {}],
    [{ om: true }, { output: 'alpha' }],
    [{ om: 1 }, { output: 'alpha' }],
    [{ om: 'off' }, {}],
    [{ ppm: 'yes' }, { hard: true }],
    [{ dc: '0' }, { decontaminate: 0 }],
    [{ dc: '', om: '', bgc: '', model: '' }, {}],
    [{ a: 'true', af: '240', ab: '10', ae: '10', vm: '1', extras: '{"x":1}', other: 'x' }, {}],
    [{ bgc: '255,0,0,255' }, { output: 'composition', background: 'rgb(255, 0, 0)' }],
    [{ bgc: '(0, 128, 255)' }, { output: 'composition', background: 'rgb(0, 128, 255)' }],
    [{ bgc: '1,2,3,0' }, {}],
    [{ bgcolor: '#ff8800' }, { output: 'composition', background: '#ff8800' }],
    [{ url: 'http://a.example/?b=c' }, { url: 'http://a.example/?b=c' }],
  ])('%j', (given, options) => {
    expect(readRemoveOptions(given)).toEqual({ ...plain, ...options });
  });

  it.each([
    { om: 'maybe' },
    { a: '2' },
    { af: '256' },
    { ab: '-1' },
    { ae: '1.5' },
    { af: 'x' },
    { bgc: '1,2' },
    { bgc: '1,2,256' },
    { bgc: '1,2,3,128' },
    { bgc: '1,2,3,4,5' },
    { bgc: '1,2,x' },
    { bgc: 'nothing' },
  ])('refuses %j', (given) => {
    expect(() => readRemoveOptions(given)).toThrow(AppError);
    expect(() => readRemoveOptions(given)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });
});
