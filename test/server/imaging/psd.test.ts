import { initializeCanvas, readPsd } from 'ag-psd';
import { expect, test } from 'vitest';
import { encodePsd } from '../../../server/imaging/psd.ts';

initializeCanvas(
  () => expect.fail('no canvas is needed'),
  (width, height) =>
    ({ width, height, data: new Uint8ClampedArray(width * height * 4), colorSpace: 'srgb' }) as ImageData,
);

const WIDTH = 5;
const HEIGHT = 3;
const alpha = { width: WIDTH, height: HEIGHT, data: Uint8Array.from({ length: 15 }, (_, i) => i * 17) };

function roundTrip(channels: 3 | 4) {
  const data = Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) => (i * 37 + 1) % 256);
  const picture = { width: WIDTH, height: HEIGHT, channels, data };
  const psd = readPsd(encodePsd('Anna ü', { picture, alpha }), { useImageData: true });
  const [layer] = psd.children!;
  return { data, psd, layer: layer! };
}

test('the layer keeps every pixel of the picture', () => {
  const { data, psd, layer } = roundTrip(3);
  expect(psd).toMatchObject({ width: WIDTH, height: HEIGHT });
  expect(psd.children).toHaveLength(1);
  expect(layer).toMatchObject({ name: 'Anna ü', left: 0, top: 0, right: WIDTH, bottom: HEIGHT });
  const rgb = [...layer.imageData!.data].filter((_, i) => i % 4 < 3);
  expect(rgb).toEqual([...data]);
});

test('the matte is a layer mask over the whole canvas, black outside', () => {
  const { layer } = roundTrip(3);
  expect(layer.mask).toMatchObject({ left: 0, top: 0, right: WIDTH, bottom: HEIGHT, defaultColor: 0 });
  expect([...layer.mask!.imageData!.data].filter((_, i) => i % 4 === 0)).toEqual([...alpha.data]);
});

test("a picture's own transparency stays in the layer", () => {
  const { data, layer } = roundTrip(4);
  const own = (pixels: ArrayLike<number>) => Array.from(pixels).filter((_, i) => i % 4 === 3);
  expect(own(layer.imageData!.data)).toEqual(own(data));
});
