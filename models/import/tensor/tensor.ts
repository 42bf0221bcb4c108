/** Element types of TensorFlow that a matting or detection network can hold. */
export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool' | 'string';

export type NumericData = Float32Array | Float64Array | Int32Array | Uint8Array | Int8Array;

/** A dimension or an element of a shape: a number, or the name of one that is known only when the graph runs. */
export type Dim = number | string;

/** A constant, row-major. Half precision is widened on reading; int64 is kept in doubles, exact up to 2^53. */
export interface Tensor {
  dtype: DType;
  shape: number[];
  data: NumericData;
}

/** A small tensor of which some elements are symbols: what shape arithmetic on an unknown picture size works on. */
export interface SymbolicTensor {
  dtype: DType;
  shape: number[];
  data: Dim[];
}

export type AnyTensor = Tensor | SymbolicTensor;

export function makeData(dtype: DType, length: number): NumericData {
  switch (dtype) {
    case 'int32':
      return new Int32Array(length);
    case 'int64':
    case 'float64':
      return new Float64Array(length);
    case 'uint8':
    case 'bool':
      return new Uint8Array(length);
    case 'int8':
      return new Int8Array(length);
    default:
      return new Float32Array(length);
  }
}

export function makeTensor(dtype: DType, shape: readonly number[], values: ArrayLike<number>): Tensor {
  const data = makeData(dtype, values.length);
  data.set(values);
  return { dtype, shape: [...shape], data };
}

export function scalar(dtype: DType, value: number): Tensor {
  return makeTensor(dtype, [], [value]);
}

export function isSymbolic(tensor: AnyTensor): tensor is SymbolicTensor {
  return Array.isArray(tensor.data);
}

/** The same tensor as a numeric one where no symbol is left in it. */
export function settle(tensor: AnyTensor): AnyTensor {
  if (!isSymbolic(tensor)) return tensor;
  const { data } = tensor;
  return data.every((v): v is number => typeof v === 'number') ? makeTensor(tensor.dtype, tensor.shape, data) : tensor;
}

export function toSymbolic(tensor: AnyTensor): SymbolicTensor {
  return isSymbolic(tensor) ? tensor : { ...tensor, data: Array.from(tensor.data) };
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}
