import { MAX_PIXELS, MAX_SIDE } from '../../protocol/limits.ts';
import { AppError } from '../errors.ts';

/** @throws {AppError} INVALID_SIZE, IMAGE_TOO_LARGE */
export function checkSize(width: number, height: number): void {
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0)) {
    throw new AppError('INVALID_SIZE');
  }
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    throw new AppError(
      'IMAGE_TOO_LARGE',
      `The picture is ${width} x ${height} pixels; that is more than Hairline accepts.`,
    );
  }
}
