import type { Picture, Region } from '../../imaging/picture.ts';

/** Small copies of one picture, each read once: a compressed picture is decoded anew for every reading. */
export class Grids {
  readonly #picture: Picture;
  readonly #known = new Map<string, Uint8Array>();

  constructor(picture: Picture) {
    this.#picture = picture;
  }

  /**
   * The picture or a region of it, RGB, shared by all who ask for the same: not to be written.
   * @throws {AppError} TRUNCATED_IMAGE
   */
  async read(width: number, height: number, region?: Region): Promise<Uint8Array> {
    const key = JSON.stringify([width, height, region]);
    const rgb = this.#known.get(key) ?? (await this.#picture.readGrid(width, height, region));
    this.#known.set(key, rgb);
    return rgb;
  }
}
