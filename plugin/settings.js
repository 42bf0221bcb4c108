/** What becomes of the matte. `layer`: a cut-out on a new layer; the original is hidden, never deleted. `mask+colour`: a
 *  mask, and a layer clipped to the original that takes the old background's colour out of its edges. */
export const DELIVERIES = ['mask', 'selection', 'channel', 'layer', 'mask+colour'];
/** What happens to a mask that is there already; it is kept as an alpha channel first. `ask`: nothing was chosen yet. */
export const MASK_POLICIES = ['ask', 'replace', 'intersect', 'add', 'subtract'];
/** `layers`: every selected layer by itself. `composite`: what is visible, all layers together. */
export const SOURCES = ['layers', 'composite'];
export const NEUTRAL_EDGE = {
  shift: 0,
  feather: 0,
  contrast: 0,
  hair: 0,
  removeSpecks: 0,
  fillHoles: 0,
  decontaminate: 1,
};
export const DEFAULT_SETTINGS = {
  subject: 'portrait',
  refine: 'best',
  source: 'layers',
  delivery: 'mask',
  existingMask: 'ask',
  edge: NEUTRAL_EDGE,
};
/** For runs that nobody attends: where nothing was chosen, a mask is replaced, and the old one kept. */
export function withoutQuestions(settings) {
  return settings.existingMask === 'ask' ? { ...settings, existingMask: 'replace' } : settings;
}
//# sourceMappingURL=settings.js.map
