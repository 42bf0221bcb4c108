import type { EdgeName } from './words/words.ts';

/** How a control is put on a slider of whole numbers. */
export interface Scale {
  least: number;
  most: number;
  neutral: number;
  toValue(position: number): number;
  /** Which of `words.amounts`, and the number in it. */
  unit: 'length' | 'area' | 'share';
  toAmount(position: number): number;
}

/** Steps of half a pixel, which is what an eye sees at 100 %. */
const length = (least: number, most: number): Scale => ({
  ...{ least: least * 2, most: most * 2, neutral: 0, unit: 'length' },
  toValue: (position) => position / 2,
  toAmount: (position) => position / 2,
});

/** Per cent of `full`. */
const share = (least: number, full: number, neutral = 0): Scale => ({
  ...{ least, most: 100, neutral, unit: 'share' },
  toValue: (position) => (position / 100) * full,
  toAmount: (position) => position,
});

/** Nobody thinks in square pixels: the side of a square of that area. */
const area = (most: number): Scale => ({
  ...{ least: 0, most, neutral: 0, unit: 'area' },
  toValue: (position) => position * position,
  toAmount: (position) => position,
});

/** The useful part of `EDGE_RANGES`, as in the panel: beyond it a slider would be too coarse to set. */
export const EDGE_SCALES: Readonly<Record<EdgeName, Scale>> = {
  shift: length(-20, 20),
  feather: length(0, 50),
  contrast: share(0, 100),
  hair: share(-100, 1),
  removeSpecks: area(200),
  fillHoles: area(200),
  decontaminate: share(0, 1, 100),
};
