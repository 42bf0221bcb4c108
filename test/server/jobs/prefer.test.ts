import { describe, expect, it } from 'vitest';
import { parsePrefer } from '../../../server/jobs/prefer.ts';

describe('parsePrefer', () => {
  it.each<[string | string[] | undefined, boolean, number | null]>([
    [undefined, false, null],
    ['', false, null],
    ['respond-async', true, null],
    ['Respond-Async', true, null],
    [' respond-async , wait=10', true, 10],
    ['wait = 10 , respond-async', true, 10],
    ['wait="10"; strict, respond-async; a=b', true, 10],
    ['respond-async=""', true, null],
    ['return=minimal, wait=0', false, 0],
    [['wait=1', 'respond-async'], true, 1],
    // Of a preference that is told twice the first one counts.
    ['wait=5, wait=50', false, 5],
    ['wait=x, wait=50', false, null],
    ['wait=-1', false, null],
    ['wait=1.5', false, null],
    ['wait', false, null],
    ['wait=999999999', false, 86_400],
    ['wait=9999999999', false, null],
    ['no-respond-async, respond-asynchronously', false, null],
    [';,=,, respond-async', true, null],
  ])('%j', (header, respondAsync, wait) => {
    expect(parsePrefer(header)).toEqual({ respondAsync, wait });
  });
});
