import colorString from 'color-string';
import { AppError } from '../errors.ts';

/** A background that is no colour: grey squares, as programs show what is transparent. */
export const CHECKER = 'checker';

/**
 * Reads a CSS colour or the word `checker`.
 * @throws {AppError} BAD_REQUEST
 */
export function parseBackground(text: string): [number, number, number] | typeof CHECKER {
  return text === CHECKER ? CHECKER : parseColour(text);
}

/**
 * Reads a CSS colour (`white`, `#fff`, `rgb(255 255 255)`) as 0..255 per channel; its own opacity is ignored.
 * @throws {AppError} BAD_REQUEST
 */
export function parseColour(text: string): [number, number, number] {
  const colour = colorString.get.rgb(text.trim());
  if (!colour) throw new AppError('BAD_REQUEST', `"${text}" is not a colour. Use a CSS name or #rrggbb.`);
  const [red = 0, green = 0, blue = 0] = colour;
  return [red, green, blue];
}
