import type { SimulatedPhotoshop } from '../../simulator/index.ts';

/** Stands in for `plugin/host/uxp.ts`: the Photoshop of the current test. */
let current: Record<string, unknown> = {};

export function usePhotoshop(photoshop: SimulatedPhotoshop): void {
  current = photoshop.photoshop('com.hairline.photoshop') as unknown as Record<string, unknown>;
}

export const uxp = {
  get action() {
    return current.action;
  },
  get app() {
    return current.app;
  },
  get constants() {
    return current.constants;
  },
  get core() {
    return current.core;
  },
  get imaging() {
    return current.imaging;
  },
};
