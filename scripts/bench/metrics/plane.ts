/** One matte to be measured: row-major, 0..65535 stands for alpha 0..1. Whole numbers keep every comparison exact. */
export interface Plane {
  width: number;
  height: number;
  data: Uint16Array;
}

/** Alpha 1. */
export const OPAQUE = 65535;
