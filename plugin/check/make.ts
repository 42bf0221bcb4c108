/** Commands that make a layer above the active one, or a group around it. */
export function make(what: string, more: object) {
  return { _obj: 'make', _target: [{ _ref: what }], ...more };
}

export function makeFill(more: object = {}) {
  const color = { _obj: 'RGBColor', red: 255, grain: 0, blue: 0 };
  return make('contentLayer', { using: { _obj: 'contentLayer', type: { _obj: 'solidColorLayer', color }, ...more } });
}
