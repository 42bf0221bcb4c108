import type { EdgeControls } from '../protocol/edge.ts';

/** How a control maps to a slider: UXP's sliders have integer steps. */
export interface Scale {
  least: number;
  most: number;
  toValue(position: number): number;
  toPosition(value: number): number;
  /** Which of `strings.amounts`, and the number in it. */
  unit: 'length' | 'area' | 'share';
  toAmount(value: number): number;
}

/** Half-pixel steps, the smallest visible change at 100 %. */
const length = (least: number, most: number): Scale => ({
  least: least * 2,
  most: most * 2,
  toValue: (position) => position / 2,
  toPosition: (value) => Math.round(value * 2),
  unit: 'length',
  toAmount: (value) => value,
});

/** Percent of `full`. */
const share = (least: number, full: number): Scale => ({
  least,
  most: 100,
  toValue: (position) => (position / 100) * full,
  toPosition: (value) => Math.round((value / full) * 100),
  unit: 'share',
  toAmount: (value) => Math.round((value / full) * 100),
});

/** Users do not think in square pixels: shown as the side of a square of that area. */
const area = (most: number): Scale => ({
  least: 0,
  most,
  toValue: (position) => position * position,
  toPosition: (value) => Math.round(Math.sqrt(value)),
  unit: 'area',
  toAmount: (value) => Math.round(Math.sqrt(value)),
});

/** The useful part of `EDGE_RANGES`: a wider slider would be too coarse. */
export const EDGE_SCALES: Readonly<Record<keyof EdgeControls, Scale>> = {
  shift: length(-20, 20),
  feather: length(0, 50),
  contrast: share(0, 100),
  hair: share(-100, 1),
  removeSpecks: area(200),
  fillHoles: area(200),
  decontaminate: share(0, 1),
};
