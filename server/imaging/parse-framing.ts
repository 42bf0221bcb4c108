import { MAX_PIXELS } from '../../protocol/limits.ts';
import { ALIGN_PATTERN, type Fit, MARGIN_PATTERN, SIZE_PATTERN } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import type { Framing } from './framing.ts';

const MAX_MARGIN = { pixels: 10_000, percent: 100 } as const;

/** `40`, `40px` or `5%`; null for anything else. */
export function parseMargin(text: string): Framing['margin'] | null {
  if (!new RegExp(MARGIN_PATTERN).test(text)) return null;
  const isPercent = text.endsWith('%');
  const value = Number.parseFloat(text);
  return value <= (isPercent ? MAX_MARGIN.percent : MAX_MARGIN.pixels) ? { value, isPercent } : null;
}

/** `800x1200`; null for anything else, or for more pixels than are made. */
export function parseSize(text: string): Framing['size'] {
  if (!new RegExp(SIZE_PATTERN, 'i').test(text)) return null;
  const [width, height] = text.toLowerCase().split('x').map(Number) as [number, number];
  return width * height <= MAX_PIXELS ? { width, height } : null;
}

/** Words joined by `-`, at most one for each direction; null for anything else. */
export function parseAlign(text: string): Framing['align'] | null {
  if (!new RegExp(ALIGN_PATTERN).test(text)) return null;
  const words = text.split('-');
  const find = (start: string, end: string) => (words.includes(start) ? 0 : words.includes(end) ? 1 : 0.5);
  return { x: find('left', 'right'), y: find('top', 'bottom') };
}

/** What a request says of the frame of its result. */
export interface FramingWords {
  trim?: boolean | undefined;
  margin?: string | undefined;
  size?: string | undefined;
  fit?: Fit | undefined;
  align?: string | undefined;
}

/**
 * @returns null where results keep the picture's size
 * @throws {AppError} BAD_REQUEST
 */
export function readFraming({ trim, fit, ...words }: FramingWords): Framing | null {
  if (!trim && words.margin === undefined && words.size === undefined && !fit && words.align === undefined) return null;
  if (words.size === undefined && (fit || words.align !== undefined))
    throw new AppError('BAD_REQUEST', 'The parameters "fit" and "align" require "size".');
  const read = <T>(name: 'margin' | 'size' | 'align', parse: (text: string) => T | null): T | null => {
    const text = words[name];
    const value = text === undefined ? null : parse(text);
    if (text !== undefined && !value)
      throw new AppError('BAD_REQUEST', `The parameter "${name}" is too large or garbled.`);
    return value;
  };
  const framing: Framing = {
    trim: Boolean(trim),
    margin: read('margin', parseMargin) ?? { value: 0, isPercent: false },
    size: read('size', parseSize),
    fit: fit ?? 'contain',
    align: read('align', parseAlign) ?? { x: 0.5, y: 0.5 },
  };
  if (!hasRoom(framing)) throw new AppError('BAD_REQUEST', 'The margin leaves no room in the size.');
  return framing;
}

/** Whether the margin leaves room in the size. */
export function hasRoom({ margin, size }: Framing): boolean {
  if (!size) return true;
  const edge = Math.round(margin.isPercent ? (margin.value / 100) * Math.max(size.width, size.height) : margin.value);
  return 2 * edge < Math.min(size.width, size.height);
}
