import type { NetAttr } from '../../net.ts';
import { intsAttr, stringAttr } from '../../tf/graph.ts';
import { fromNchwFormat, toNchwFormat } from '../data-format.ts';
import { inputOf, type Lower, type Operation } from '../operation.ts';
import type { Value } from '../value.ts';
import { onnxPads, placeWindow, readWindow } from '../window.ts';

export const poolOps: Record<string, Lower> = {
  MaxPool: (o) => pool(o, 'MaxPool'),
  AvgPool: (o) => pool(o, 'AveragePool'),
};

function pool(o: Operation, onnx: 'MaxPool' | 'AveragePool'): Value {
  const { builder, node } = o;
  const source = toNchwFormat(o, inputOf(o, 0));
  const first = stringAttr(node, 'data_format', 'NHWC') === 'NCHW' ? 2 : 1;
  const size = intsAttr(node, 'ksize');
  const kernel: [number, number] = [size[first]!, size[first + 1]!];
  const window = readWindow(o, kernel);
  const [batch, height, width, channels] = source.shape;
  const { pads, out } = placeWindow(window, [height!, width!]);
  const shape = [batch!, ...out, channels!];
  const input = builder.nchw(source);
  if (onnx === 'AveragePool' && height === kernel[0] && width === kernel[1] && out[0] === 1 && out[1] === 1) {
    return fromNchwFormat(o, { dtype: source.dtype, shape, nchw: builder.emit('GlobalAveragePool', [input]) });
  }
  const attrs: Record<string, NetAttr> = {
    kernel_shape: [...kernel],
    strides: [...window.strides],
    ...(pads ? { pads: onnxPads(pads) } : { auto_pad: 'SAME_UPPER' }),
    // TensorFlow divides by the pixels inside the picture, which is also ONNX's default; written out all the same.
    ...(onnx === 'AveragePool' ? { count_include_pad: 0 } : {}),
  };
  return fromNchwFormat(o, { dtype: source.dtype, shape, nchw: builder.emit(onnx, [input], attrs) });
}
