/** Counts what PhotoshopImageData objects hold and what crosses the imaging API. */
export class ImageMemory {
  alive = 0;
  bytes = 0;
  peakBytes = 0;
  copied = 0;

  add(bytes: number): void {
    this.alive++;
    this.bytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }

  release(bytes: number): void {
    this.alive--;
    this.bytes -= bytes;
  }
}
