import { makeTensor } from '../../tensor/tensor.ts';
import { boolAttr } from '../../tf/graph.ts';
import { broadcast, broadcastValue } from '../broadcast.ts';
import { fromNchwFormat, toNchwFormat } from '../data-format.ts';
import { constantOf, fail, inputOf, type Lower, type Operation } from '../operation.ts';
import { constant, type Value } from '../value.ts';

export const normOps: Record<string, Lower> = {
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
};

/** At inference a batch norm is a scale and an offset per channel, which a convolution before it will swallow. */
function batchNorm(o: Operation): Value[] {
  const { builder, node } = o;
  // The attribute's default is true (tensorflow/core/ops/nn_ops.cc), but frozen graphs always write it.
  if (node.attrs.is_training === undefined || boolAttr(node, 'is_training')) fail(o, 'it is in training mode');
  const source = toNchwFormat(o, inputOf(o, 0));
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => constantOf(o, i));
  const epsilon = typeof node.attrs.epsilon === 'number' ? node.attrs.epsilon : 1e-4;
  const scale = Float64Array.from(gamma!.data, (g, i) => g / Math.sqrt(variance!.data[i]! + epsilon));
  const offset = scale.map((s, i) => beta!.data[i]! - mean!.data[i]! * s);
  const scaled = broadcast(o, [source, constant(makeTensor('float32', gamma!.shape, scale))]);
  const product = broadcastValue(scaled, source.dtype, builder.emit('Mul', scaled.names));
  const moved = broadcast(o, [product, constant(makeTensor('float32', gamma!.shape, offset))]);
  const result = broadcastValue(moved, source.dtype, builder.emit('Add', moved.names));
  return [fromNchwFormat(o, result), inputOf(o, 3), inputOf(o, 4)];
}
