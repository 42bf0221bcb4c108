import colorString from 'color-string';
import { AppError } from '../errors.ts';

/** The transparency checkerboard. */
export const CHECKER = 'checker';

/**
 * Parses a CSS color or the word `checker`.
 * @throws {AppError} BAD_REQUEST
 */
export function parseBackground(text: string): [number, number, number] | typeof CHECKER {
  return text === CHECKER ? CHECKER : parseColor(text);
}

/**
 * Parses a CSS color (`white`, `#fff`, `rgb(255 255 255)`) as 0..255 per channel; its opacity is ignored.
 * @throws {AppError} BAD_REQUEST
 */
export function parseColor(text: string): [number, number, number] {
  const color = colorString.get.rgb(text.trim());
  if (!color) throw new AppError('BAD_REQUEST', `"${text}" is not a color. Use a CSS name or #rrggbb.`);
  const [red = 0, green = 0, blue = 0] = color;
  return [red, green, blue];
}
