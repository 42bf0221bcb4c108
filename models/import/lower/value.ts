import type { Dim, DType, SymbolicTensor, Tensor } from '../tensor/tensor.ts';

/**
 * What one TensorFlow value has become. `shape` is always TensorFlow's own (NHWC for pictures). In ONNX the same numbers
 * exist in up to two arrangements: `plain`, laid out as `shape` says, and `nchw`, with the channels of a 4-D value
 * moved to second place. The other arrangement is made, once, when a reader asks for it; so layout changes appear
 * only where the network itself goes from pictures to something else.
 */
export interface Value {
  dtype: DType;
  shape: Dim[];
  /** A constant, folded. */
  tensor?: Tensor;
  /** Every element is this number, whatever the shape, which may be symbolic. */
  splat?: number;
  /** For a splat of a shape that is not fixed: a value of the same shape. */
  like?: Value;
  /** Shape arithmetic: some elements known, the others formulas over unknown dimensions. */
  symbolic?: SymbolicTensor;
  plain?: string;
  nchw?: string;
  /** Left by SpaceToBatchND for the convolution behind it, to become a dilated one. */
  dilation?: Dilation;
  /** Left by ConcatV2: the channels that are not constant zero, for a convolution to skip the others. */
  live?: LiveChannels;
  /** In a branch that a constant condition switched off. */
  dead?: boolean;
}

export interface Dilation {
  source: Value;
  block: number[];
  /** Per spatial axis, before and after. */
  pads: [Dim, Dim][];
  /** The dilated convolution, once a convolution came between the two space ops; given its final padding. */
  convolve?: (pads: [number, number][]) => Value;
}

export interface LiveChannels {
  parts: { value: Value; offset: number }[];
}

/** What every node of a switched-off branch yields, however many outputs it has. */
export const DEAD: Value = { dtype: 'float32', shape: [], dead: true };

export function constant(tensor: Tensor): Value {
  return { dtype: tensor.dtype, shape: [...tensor.shape], tensor };
}

/** The single number that the value holds everywhere, if it is known. */
export function splatOf(value: Value): number | undefined {
  if (value.splat !== undefined) return value.splat;
  const { tensor } = value;
  if (!tensor || tensor.data.length === 0) return undefined;
  const first = tensor.data[0]!;
  // Weights are rarely uniform: the first two elements usually decide.
  return tensor.data.every((v) => v === first) ? first : undefined;
}

/** Whether the numbers exist channels-first already, so that picture ops should stay there. */
export function isNchw(value: Value): boolean {
  return value.shape.length === 4 && value.nchw !== undefined;
}

/** NHWC axis to NCHW axis. */
export const NCHW_AXIS = [0, 2, 3, 1] as const;
export const TO_NCHW = [0, 3, 1, 2] as const;
export const TO_NHWC = [0, 2, 3, 1] as const;

export function toNchw<T>(list: readonly T[]): T[] {
  return TO_NCHW.map((axis) => list[axis]!);
}
