/**
 * What can be changed about the edge of a finished matte. Lengths are pixels and areas square pixels of the picture the
 * matte belongs to. All zeros is the matte as it is.
 */
export interface EdgeSettings {
  /** Patches of subject smaller than this are removed, with their faint rim. */
  removeSpecks: number;
  /** Enclosed gaps smaller than this are closed. */
  fillHoles: number;
  /** -1..1: opacity of the semi-transparent band, a' = a + hair a (1 - a). 0 and 1 stay, the slope is at most 2. */
  hair: number;
  /** Outwards above zero: every edge moves by this many pixels, whatever its softness. */
  shift: number;
  /** Standard deviation of a Gaussian blur. */
  feather: number;
  /** 0..100: a' = 0.5 + (a - 0.5) / (1 - contrast / 100), clamped; 100 cuts at 0.5. */
  contrast: number;
}

export const NO_CHANGE: EdgeSettings = { removeSpecks: 0, fillHoles: 0, hair: 0, shift: 0, feather: 0, contrast: 0 };

/** The same settings for a copy of the picture `factor` times as wide and high. */
export function scaleSettings(settings: EdgeSettings, factor: number): EdgeSettings {
  return {
    ...settings,
    removeSpecks: settings.removeSpecks * factor ** 2,
    fillHoles: settings.fillHoles * factor ** 2,
    shift: settings.shift * factor,
    feather: settings.feather * factor,
  };
}
