import type { DeliveryKey } from './keys.ts';

/** Texts that Photoshop shows in its own windows. {layer} is the layer's name. */
export interface HostWords {
  /** In the progress bar. */
  reading: string;
  saving: string;
  /** In Edit > Undo, the History panel and the progress bar. */
  history: Record<DeliveryKey, string>;
  /** An earlier mask, kept as a channel. */
  oldMask: string;
  cutout: string;
  colors: string;
}

export function nameAfter(pattern: string, layer: string): string {
  return pattern.replace('{layer}', () => layer);
}
