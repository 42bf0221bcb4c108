import { AppError } from '../errors.ts';
import type { Region } from './picture.ts';

/** A pixel of the picture. */
export interface Point {
  x: number;
  y: number;
}

interface Size {
  width: number;
  height: number;
}

/** @param text shaped by `REGION_PATTERN` */
export function parseRegion(text: string): Region {
  const [left, top, width, height] = text.split(',').map(Number) as [number, number, number, number];
  return { left, top, width, height };
}

/** @throws {AppError} BAD_REQUEST when the region does not lie inside the picture. */
export function checkRegion({ left, top, width, height }: Region, picture: Size): void {
  if (left + width <= picture.width && top + height <= picture.height) return;
  throw new AppError(
    'BAD_REQUEST',
    `The region ${left},${top},${width},${height} does not lie inside the picture of ${picture.width} x ${picture.height} pixels.`,
  );
}

/** @param text shaped by `POINT_PATTERN` */
export function parsePoint(text: string): Point {
  const [x, y] = text.split(',').map(Number) as [number, number];
  return { x, y };
}

/** @throws {AppError} BAD_REQUEST when the point does not lie inside the picture. */
export function checkPoint({ x, y }: Point, { width, height }: Size): void {
  if (x < width && y < height) return;
  throw new AppError(
    'BAD_REQUEST',
    `The point ${x},${y} does not lie inside the picture of ${width} x ${height} pixels.`,
  );
}
