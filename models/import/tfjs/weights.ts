import { GraphFormatError } from '../errors.ts';
import { halfToFloat } from '../onnx-surgery.ts';
import { type DType, makeData, sizeOf, type Tensor } from '../tensor/tensor.ts';

/** One entry of `weightsManifest` (tfjs-core io/types.ts, WeightsManifestEntry). */
export interface WeightSpec {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string; scale?: number; min?: number };
}

const BYTES: Record<string, number> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

/**
 * Cuts the concatenated shards into tensors, in manifest order. Quantised integers are read as
 * `value * scale + min`, float16 is widened (tfjs-core io/io_utils.ts, decodeWeights).
 */
export function decodeWeights(specs: readonly WeightSpec[], bytes: Uint8Array): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  for (const spec of specs) {
    const stored = spec.quantization?.dtype ?? spec.dtype;
    const width = BYTES[stored];
    if (!width) throw new GraphFormatError(`The weight "${spec.name}" has the unknown type "${stored}".`);
    const count = sizeOf(spec.shape);
    if (offset + count * width > bytes.length) {
      throw new GraphFormatError(`The weight file ends before the weight "${spec.name}".`);
    }
    weights.set(spec.name, decodeWeight(spec, stored, view, offset, count));
    offset += count * width;
  }
  return weights;
}

function decodeWeight(spec: WeightSpec, stored: string, view: DataView, offset: number, count: number): Tensor {
  const dtype = spec.dtype as DType;
  const data = makeData(dtype, count);
  const read = reader(stored, view);
  const width = BYTES[stored]!;
  const { scale, min } = spec.quantization ?? {};
  const affine = scale !== undefined && min !== undefined;
  for (let i = 0; i < count; i++) {
    const raw = read(offset + i * width);
    const value = affine ? raw * scale + min : raw;
    data[i] = affine && dtype === 'int32' ? Math.round(value) : value;
  }
  return { dtype, shape: [...spec.shape], data };
}

function reader(stored: string, view: DataView): (at: number) => number {
  switch (stored) {
    case 'float32':
      return (at) => view.getFloat32(at, true);
    case 'int32':
      return (at) => view.getInt32(at, true);
    case 'uint16':
      return (at) => view.getUint16(at, true);
    case 'float16':
      return (at) => halfToFloat(view.getUint16(at, true));
    default:
      return (at) => view.getUint8(at);
  }
}
