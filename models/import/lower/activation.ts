import { stringsAttr } from '../tf/graph.ts';
import { broadcast, broadcastValue } from './broadcast.ts';
import { fail, inputOf, mapValue, type Operation } from './operation.ts';
import type { Value } from './value.ts';

/** One activation function, whether its own node or the tail of a fused one. */
export function activate(o: Operation, value: Value, op: string): Value {
  const { builder, node } = o;
  const alpha = (name: string, fallback: number) => ({
    alpha: { float: typeof node.attrs[name] === 'number' ? node.attrs[name] : fallback },
  });
  switch (op) {
    case 'Relu':
    case 'Elu':
    case 'Selu':
    case 'Sigmoid':
    case 'Tanh':
    case 'Softplus':
    case 'Softsign':
      return mapValue(o, value, (x) => builder.emit(op, [x]));
    case 'Relu6':
      return mapValue(o, value, (x) => builder.emit('Clip', [x, builder.float(0), builder.float(6)]));
    case 'LeakyRelu':
      // Fused nodes spell the attribute otherwise (tensorflow/core/ops/nn_ops.cc).
      return mapValue(o, value, (x) => {
        const name = 'leakyrelu_alpha' in node.attrs ? 'leakyrelu_alpha' : 'alpha';
        return builder.emit('LeakyRelu', [x], alpha(name, 0.2));
      });
    default:
      return fail(o, `the fused activation "${op}" is unknown`);
  }
}

/** TensorFlow's Prelu (a TensorFlow.js op): the slope broadcasts against the channels. */
export function prelu(o: Operation, value: Value, slope: Value): Value {
  const both = broadcast(o, [value, slope]);
  return broadcastValue(both, value.dtype, o.builder.emit('PRelu', both.names));
}

/** Applies `fused_ops` of a fused convolution or product, whose extra arguments start at input 2. */
export function applyFused(o: Operation, value: Value, addBias: (value: Value, bias: Value) => Value): Value {
  let argument = 2;
  let result = value;
  for (const op of stringsAttr(o.node, 'fused_ops')) {
    if (op === 'BiasAdd') result = addBias(result, inputOf(o, argument++));
    else if (op === 'Prelu') result = prelu(o, result, inputOf(o, argument++));
    else if (op === 'FusedBatchNorm') fail(o, 'fused batch norm should have been folded when the graph was frozen');
    else result = activate(o, result, op);
  }
  return result;
}
