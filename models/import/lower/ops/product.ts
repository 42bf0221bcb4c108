import { broadcastShapes } from '../../tensor/dims.ts';
import { transpose } from '../../tensor/rearrange.ts';
import { boolAttr, stringAttr } from '../../tf/graph.ts';
import { applyFused } from '../activation.ts';
import { fail, inputOf, type Lower, type Operation } from '../operation.ts';
import { constant, type Value } from '../value.ts';
import { addValues } from './binary.ts';

export const productOps: Record<string, Lower> = {
  MatMul: (o) => multiply(o, boolAttr(o.node, 'transpose_a'), boolAttr(o.node, 'transpose_b')),
  _FusedMatMul: (o) => {
    const product = multiply(o, boolAttr(o.node, 'transpose_a'), boolAttr(o.node, 'transpose_b'));
    return applyFused(o, product, (value, bias) => addValues(o, value, bias));
  },
  BatchMatMul: (o) => multiply(o, boolAttr(o.node, 'adj_x'), boolAttr(o.node, 'adj_y')),
  BatchMatMulV2: (o) => multiply(o, boolAttr(o.node, 'adj_x'), boolAttr(o.node, 'adj_y')),
  Einsum: (o) => {
    const equation = stringAttr(o.node, 'equation', '').replaceAll(' ', '');
    const [inputs, output] = equation.split('->');
    if (!inputs || output === undefined || equation.includes('.'))
      fail(o, `the equation "${equation}" is not explicit`);
    const sizes = new Map(
      inputs.split(',').flatMap((term, i) => [...term].map((letter, d) => [letter, inputOf(o, i).shape[d]!] as const)),
    );
    const plain = o.builder.emit(
      'Einsum',
      o.inputs.map((v) => o.builder.plain(v)),
      { equation },
    );
    return { dtype: inputOf(o, 0).dtype, shape: [...output].map((letter) => sizes.get(letter)!), plain };
  },
};

function multiply(o: Operation, turnLeft: boolean, turnRight: boolean): Value {
  const a = turned(o, inputOf(o, 0), turnLeft);
  const b = turned(o, inputOf(o, 1), turnRight);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, a.shape.at(-2)!, b.shape.at(-1)!];
  return { dtype: a.dtype, shape, plain: o.builder.emit('MatMul', [o.builder.plain(a), o.builder.plain(b)]) };
}

function turned(o: Operation, value: Value, turn: boolean): Value {
  if (!turn) return value;
  const rank = value.shape.length;
  const permutation = Array.from({ length: rank }, (_, d) => (d < rank - 2 ? d : 2 * rank - 3 - d));
  if (value.tensor) return constant(transpose(value.tensor, permutation));
  const shape = permutation.map((axis) => value.shape[axis]!);
  const plain = o.builder.emit('Transpose', [o.builder.plain(value)], { perm: permutation });
  return { dtype: value.dtype, shape, plain };
}
