import { allocate, depthOf, type PixelData, whiteOf } from './pixels.ts';

export type ColorSpace = 'RGB' | 'Grayscale' | 'Lab';

/** Rec. 601 luma on the stored values; Photoshop goes through profiles, which tests here do not need. */
export function rgbToGray(rgb: PixelData): PixelData {
  const depth = depthOf(rgb);
  const out = allocate(depth, rgb.length / 3);
  for (let i = 0, s = 0; i < out.length; i++, s += 3) {
    const value = 0.299 * rgb[s]! + 0.587 * rgb[s + 1]! + 0.114 * rgb[s + 2]!;
    out[i] = depth === 32 ? value : Math.round(value);
  }
  return out;
}

export function grayToRgb(gray: PixelData): PixelData {
  const out = allocate(depthOf(gray), gray.length * 3);
  for (let i = 0, d = 0; i < gray.length; i++, d += 3) {
    out[d] = gray[i]!;
    out[d + 1] = gray[i]!;
    out[d + 2] = gray[i]!;
  }
  return out;
}

const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const gamma = (v: number) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);
const forward = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
const backward = (t: number) => (t ** 3 > 0.008856 ? t ** 3 : (t - 16 / 116) / 7.787);

/** sRGB to CIE Lab (D65, no adaptation to D50), a and b shifted by half of the range as Photoshop stores them. */
export function rgbToLab(rgb: PixelData): PixelData {
  const depth = depthOf(rgb);
  const white = whiteOf(depth);
  const out = allocate(depth, rgb.length);
  const put = (i: number, v: number) => {
    out[i] = depth === 32 ? v : Math.min(white, Math.max(0, Math.round(v * white)));
  };
  for (let i = 0; i < rgb.length; i += 3) {
    const r = linear(rgb[i]! / white);
    const g = linear(rgb[i + 1]! / white);
    const b = linear(rgb[i + 2]! / white);
    const x = forward((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const y = forward(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = forward((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    put(i, (116 * y - 16) / 100);
    put(i + 1, (500 * (x - y) + 128) / 255);
    put(i + 2, (200 * (y - z) + 128) / 255);
  }
  return out;
}

export function labToRgb(lab: PixelData): PixelData {
  const depth = depthOf(lab);
  const white = whiteOf(depth);
  const out = allocate(depth, lab.length);
  for (let i = 0; i < lab.length; i += 3) {
    const fy = ((lab[i]! / white) * 100 + 16) / 116;
    const fx = fy + ((lab[i + 1]! / white) * 255 - 128) / 500;
    const fz = fy - ((lab[i + 2]! / white) * 255 - 128) / 200;
    const x = backward(fx) * 0.9505;
    const y = backward(fy);
    const z = backward(fz) * 1.089;
    const rgb = [
      3.2406 * x - 1.5372 * y - 0.4986 * z,
      -0.9689 * x + 1.8758 * y + 0.0415 * z,
      0.0557 * x - 0.204 * y + 1.057 * z,
    ];
    for (let c = 0; c < 3; c++) {
      const v = Math.min(1, Math.max(0, gamma(Math.max(0, rgb[c]!))));
      out[i + c] = depth === 32 ? v : Math.round(v * white);
    }
  }
  return out;
}
