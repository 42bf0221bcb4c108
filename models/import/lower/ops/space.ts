import { floorDivideDims, isStatic, multiplyDims, subtractDims } from '../../tensor/dims.ts';
import type { Dim } from '../../tensor/tensor.ts';
import { intAttr } from '../../tf/graph.ts';
import { fromNchwFormat, toNchwFormat } from '../data-format.ts';
import { fail, inputOf, type Lower, numbersOf, type Operation } from '../operation.ts';
import type { Value } from '../value.ts';

export const spaceOps: Record<string, Lower> = {
  DepthToSpace: (o) => {
    const source = toNchwFormat(o, inputOf(o, 0));
    const block = intAttr(o.node, 'block_size', 1);
    const [batch, height, width, channels] = source.shape;
    const deep = floorDivideDims(channels!, block * block);
    const shape = [batch!, multiplyDims(height!, block), multiplyDims(width!, block), deep];
    const nchw = o.builder.emit('DepthToSpace', [o.builder.nchw(source)], { blocksize: block, mode: 'DCR' });
    return fromNchwFormat(o, { dtype: source.dtype, shape, nchw });
  },
  SpaceToDepth: (o) => {
    const source = toNchwFormat(o, inputOf(o, 0));
    const block = intAttr(o.node, 'block_size', 1);
    const [batch, height, width, channels] = source.shape;
    const shape = [
      batch!,
      floorDivideDims(height!, block),
      floorDivideDims(width!, block),
      multiplyDims(channels!, block * block),
    ];
    const nchw = o.builder.emit('SpaceToDepth', [o.builder.nchw(source)], { blocksize: block });
    return fromNchwFormat(o, { dtype: source.dtype, shape, nchw });
  },
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
};

/**
 * The front half of a dilated convolution as older TensorFlow writes it (tf.nn.with_space_to_batch). The rearrangement
 * itself is written out where the size is fixed, and thrown away when the back half finds the convolution between.
 */
function spaceToBatch(o: Operation): Value {
  const source = inputOf(o, 0);
  const block = numbersOf(o, 1);
  const paddings = inputOf(o, 2);
  const flat: Dim[] | undefined = paddings.tensor ? Array.from(paddings.tensor.data) : paddings.symbolic?.data;
  if (block.length !== 2 || source.shape.length !== 4 || !flat)
    fail(o, 'only pictures with known paddings are supported');
  const [first, second] = block as [number, number];
  const dilation = { source, block, pads: [flat.slice(0, 2), flat.slice(2, 4)] as [Dim, Dim][] };
  const [batch, height, width, channels] = source.shape as [Dim, Dim, Dim, Dim];
  const { dtype } = source;
  if (!isStatic(flat) || !isStatic(source.shape)) {
    const shape = [multiplyDims(batch, first * second), `${o.node.name}.height`, `${o.node.name}.width`, channels];
    return { dtype, shape, nchw: `${o.node.name}.unfolded`, dilation };
  }
  const { builder } = o;
  const [n, c] = [Number(batch), Number(channels)];
  const high = Number(height) + flat[0]! + flat[1]!;
  const wide = Number(width) + flat[2]! + flat[3]!;
  const padded = builder.emit('Pad', [
    builder.plain(source),
    builder.ints([0, flat[0]!, flat[2]!, 0, 0, flat[1]!, flat[3]!, 0]),
  ]);
  const parted = builder.reshaped(padded, [n, high / first, first, wide / second, second, c]);
  const moved = builder.emit('Transpose', [parted], { perm: [2, 4, 0, 1, 3, 5] });
  const shape = [n * first * second, high / first, wide / second, c];
  return { dtype, shape, plain: builder.reshaped(moved, shape), dilation };
}

function batchToSpace(o: Operation): Value {
  const source = inputOf(o, 0);
  const block = numbersOf(o, 1);
  const cropping = inputOf(o, 2);
  const crops: Dim[] | undefined = cropping.tensor ? Array.from(cropping.tensor.data) : cropping.symbolic?.data;
  const { dilation } = source;
  if (crops && dilation?.convolve && block.join() === dilation.block.join()) {
    const pads = dilation.pads.map(([before, after], d) => [
      subtractDims(before, crops[2 * d]!),
      subtractDims(after, crops[2 * d + 1]!),
    ]);
    if (pads.every((pair): pair is [number, number] => pair.every((n) => typeof n === 'number' && n >= 0))) {
      return dilation.convolve(pads);
    }
  }
  const { shape } = source;
  if (block.length !== 2 || !crops || !isStatic(crops) || !isStatic(shape) || shape.length !== 4) {
    return fail(o, 'its input or cropping is not fixed');
  }
  const { builder } = o;
  const [first, second] = block as [number, number];
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const n = batch / (first * second);
  const parted = builder.reshaped(builder.plain(source), [first, second, n, height, width, channels]);
  const moved = builder.emit('Transpose', [parted], { perm: [2, 3, 0, 4, 1, 5] });
  const whole = builder.reshaped(moved, [n, height * first, width * second, channels]);
  const [top, bottom, left, right] = crops as [number, number, number, number];
  const plain = builder.emit('Slice', [
    whole,
    builder.ints([top, left]),
    builder.ints([height * first - bottom, width * second - right]),
    builder.ints([1, 2]),
  ]);
  return {
    dtype: source.dtype,
    shape: [n, height * first - top - bottom, width * second - left - right, channels],
    plain,
  };
}
