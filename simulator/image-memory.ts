const limit = 600e6;

/** Counts what PhotoshopImageData objects hold and what crosses the imaging API. */
export class ImageMemory {
  alive = 0;
  bytes = 0;
  peakBytes = 0;
  copied = 0;
  /** How often a plugin went over the 600 MB at which Photoshop starts to complain in the console. */
  warnings = 0;

  add(bytes: number): void {
    this.alive++;
    if (this.bytes <= limit && this.bytes + bytes > limit) this.warnings++;
    this.bytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }

  release(bytes: number): void {
    this.alive--;
    this.bytes -= bytes;
  }
}
