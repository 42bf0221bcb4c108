export { HostDocument, type Mode, type NewDocument, type NewLayer } from './document.ts';
export type { Faults } from './faults.ts';
export { HostLayer, type LayerKind, type Locks } from './layer.ts';
export type { LayerMask } from './layer-mask.ts';
export { type Depth, type PixelData, type Raster, whiteOf } from './pixels.ts';
export type { LoadedPlugin } from './plugin.ts';
export { type NewPicture, SimulatedPhotoshop } from './simulator.ts';
export type { HostOptions, RecordedStep, Theme } from './state.ts';
