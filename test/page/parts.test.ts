import { describe, expect, it } from 'vitest';
import { focusOf } from '../../page/find-focus.ts';
import { Latest } from '../../page/latest.ts';
import { isOtherThanPicture, nameResult, typeOf } from '../../page/pictures.ts';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { chooseWords } from '../../words/page/choose.ts';
import { en } from '../../words/page/en.ts';
import { zh } from '../../words/page/zh.ts';

describe('the words', () => {
  /** Every text by its path. */
  function textsOf(words: object, path = ''): Map<string, string> {
    const texts = new Map<string, string>();
    for (const [key, value] of Object.entries(words)) {
      const name = `${path}${key}`;
      // English has none: there, the server's own words stand.
      if (name === 'serverErrors' || name === 'errors') continue;
      if (typeof value === 'string') texts.set(name, value);
      else for (const entry of textsOf(value, `${name}.`)) texts.set(...entry);
    }
    return texts;
  }
  const placeholders = (text = '') => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

  it('say every error of the server in Chinese too', () => {
    const codes = Object.keys(ERRORS) as ErrorCode[];
    expect(codes.filter((code) => !zh.errors[code] && !zh.serverErrors[code])).toEqual([]);
  });

  it('say the same things with the same values in both languages', () => {
    const [english, chinese] = [textsOf(en), textsOf(zh)];
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [name, text] of english) {
      expect(text, name).not.toBe('');
      expect(placeholders(chinese.get(name)), name).toEqual(placeholders(text));
    }
  });

  it.each([
    ['en-GB', 'en'],
    ['zh', 'zh-CN'],
    ['zh-CN', 'zh-CN'],
    ['zh-Hans-SG', 'zh-CN'],
    ['zh-TW', 'en'],
    ['de', 'en'],
  ])('of %s are %s', (locale, lang) => {
    expect(chooseWords(locale).lang).toBe(lang);
  });
});

describe('Latest', () => {
  it('does one thing at a time, and of those that were asked for meanwhile only the last', async () => {
    const done: number[] = [];
    let running = 0;
    const latest = new Latest<number>(async (input) => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      done.push(input);
    });
    for (const input of [1, 2, 3, 4]) latest.ask(input);
    await expect.poll(() => done).toEqual([1, 4]);
    latest.ask(5);
    await expect.poll(() => done).toEqual([1, 4, 5]);
  });

  it('gives up slow work where that is asked for, and everything when it is stopped', async () => {
    const ended: string[] = [];
    const latest = new Latest<string>(
      (input, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            ended.push(input);
            resolve();
          });
        }),
    );
    latest.ask('a');
    latest.ask('b');
    expect(ended).toEqual([]);
    latest.ask('c', { atOnce: true });
    await expect.poll(() => ended).toEqual(['a']);
    latest.ask('d');
    latest.stop();
    await expect.poll(() => ended).toEqual(['a', 'c']);
  });
});

describe('files', () => {
  it.each([
    ['photo.JPG', '', 'image/jpeg', false],
    ['photo.tif', '', 'image/tiff', false],
    ['photo.avif', 'application/octet-stream', 'image/avif', false],
    ['pasted', 'image/webp', 'image/webp', false],
    // Only its bytes can tell, and the server looks at them.
    ['nobody-knows', '', 'image/jpeg', false],
    ['letter.pdf', 'application/pdf', 'image/jpeg', true],
  ])('%s of type "%s" is sent as %s', (name, type, sent, refused) => {
    expect([typeOf({ name, type }), isOtherThanPicture({ name, type })]).toEqual([sent, refused]);
  });

  it.each([
    ['a.b.jpeg', 'a.b_alpha.png'],
    ['发丝.png', '发丝_alpha.png'],
    ['.png', 'picture_alpha.png'],
    ['a/b:c.png', 'a_b_c_alpha.png'],
  ])('the mask of %s is called %s', (name, expected) => {
    expect(nameResult(name, '_alpha.png')).toBe(expected);
  });
});

describe('what is worth looking at', () => {
  const draw = (alpha: (x: number, y: number) => number) => {
    const [width, height] = [60, 40];
    const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) =>
      alpha((i >> 2) % width, Math.floor((i >> 2) / width)),
    );
    return focusOf({ width, height, data });
  };

  it('is what is half transparent, not a sharp edge', () => {
    const { hair } = draw((x, y) => (x > 40 && x < 50 && y > 5 && y < 15 ? 128 : x < 20 ? 255 : 0));
    expect(hair.x * 60).toBeCloseTo(45.5, 0);
    expect(hair.y * 40).toBeCloseTo(10.5, 0);
  });

  it('is compared in the middle of the subject', () => {
    expect(draw((x) => (x >= 30 && x < 50 ? 255 : 0)).middle).toBeCloseTo(40 / 60, 5);
  });

  it('is the middle of the picture where there is nothing', () => {
    expect(draw(() => 0)).toEqual({ hair: { x: 0.5, y: 0.5 }, middle: 0.5 });
  });
});
