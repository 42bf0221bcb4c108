import { initializeCanvas } from 'ag-psd';

/** ag-psd wants a browser's canvas; with useImageData it needs pixels alone. */
initializeCanvas(
  () => {
    throw new Error('no canvas is needed');
  },
  (width, height) =>
    ({ width, height, data: new Uint8ClampedArray(width * height * 4), colorSpace: 'srgb' }) as ImageData,
);
