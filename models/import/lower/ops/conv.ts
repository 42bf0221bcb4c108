import type { NetAttr } from '../../net.ts';
import { multiplyDims } from '../../tensor/dims.ts';
import { concat, reshape, slice, transpose } from '../../tensor/rearrange.ts';
import { type Dim, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { stringAttr } from '../../tf/graph.ts';
import { applyFused } from '../activation.ts';
import { fromNchwFormat, toNchwFormat } from '../data-format.ts';
import { constantOf, fail, inputOf, type Lower, type Operation } from '../operation.ts';
import type { Value } from '../value.ts';
import { onnxPads, placeWindow, readWindow, type Window } from '../window.ts';
import { addValues } from './binary.ts';

export const convOps: Record<string, Lower> = {
  Conv2D: (o) => convolution(o, false),
  DepthwiseConv2dNative: (o) => convolution(o, true),
  _FusedConv2D: (o) => convolution(o, false),
  FusedDepthwiseConv2dNative: (o) => convolution(o, true),
  _FusedDepthwiseConv2dNative: (o) => convolution(o, true),
  Conv2DBackpropInput: transposedConvolution,
};

function convolution(o: Operation, depthwise: boolean): Value {
  const source = toNchwFormat(o, inputOf(o, 0));
  const filter = constantOf(o, 1);
  const window = readWindow(o, [filter.shape[0]!, filter.shape[1]!]);
  const result = convolve(o, source, filter, window, depthwise);
  const { dilation } = source;
  if (dilation && sizeOf(window.strides) === 1 && sizeOf(window.dilations) === 1 && window.padding === 'VALID') {
    const dilations: [number, number] = [dilation.block[0]!, dilation.block[1]!];
    result.dilation = {
      ...dilation,
      convolve: (padding) => {
        o.builder.enter(o.node.name);
        return convolve(o, dilation.source, filter, { ...window, dilations, padding }, depthwise);
      },
    };
  }
  return fromNchwFormat(
    o,
    applyFused(o, result, (value, bias) => addValues(o, value, bias)),
  );
}

function convolve(o: Operation, source: Value, filter: Tensor, window: Window, depthwise: boolean): Value {
  const { builder } = o;
  const [batch, height, width, channels] = source.shape;
  if (source.shape.length !== 4 || typeof channels !== 'number') {
    return fail(o, `its input has the shape [${source.shape}], not [batch, height, width, channels]`);
  }
  const { pads, out } = placeWindow(window, [height!, width!]);
  const [, , inner, last] = filter.shape as [number, number, number, number];
  const outputs = depthwise ? inner * last : last;
  const live = depthwise ? undefined : liveSource(o, source, filter);
  const weights = depthwise ? depthwiseWeights(filter) : transpose(live?.filter ?? filter, [3, 2, 0, 1]);
  const group = depthwise ? channels : channels / inner;
  const attrs: Record<string, NetAttr> = {
    kernel_shape: [...window.kernel],
    strides: [...window.strides],
    dilations: [...window.dilations],
    group,
    ...(pads ? { pads: onnxPads(pads) } : { auto_pad: 'SAME_UPPER' }),
  };
  const inputs = [live?.name ?? builder.nchw(source), builder.initializer(weights)];
  return { dtype: source.dtype, shape: [batch!, ...out, outputs], nchw: builder.emit('Conv', inputs, attrs) };
}

/** [height, width, in, multiplier] to ONNX's grouped [in * multiplier, 1, height, width]. */
function depthwiseWeights(filter: Tensor): Tensor {
  const [height, width, inner, multiplier] = filter.shape as [number, number, number, number];
  return reshape(transpose(filter, [2, 3, 0, 1]), [inner * multiplier, 1, height, width]);
}

/** Input channels that are constant zero add nothing to a convolution, so their weights are cut away. */
function liveSource(o: Operation, source: Value, filter: Tensor): { name: string; filter: Tensor } | undefined {
  const parts = source.live?.parts;
  if (!parts?.length || filter.shape[2] !== source.shape[3]) return undefined;
  const [height, width, , last] = filter.shape as [number, number, number, number];
  const filters = parts.map(({ value, offset }) =>
    slice(filter, [0, 0, offset, 0], [1, 1, 1, 1], [height, width, Number(value.shape[3]), last]),
  );
  const names = parts.map(({ value }) => o.builder.nchw(value));
  const name = names.length === 1 ? names[0]! : o.builder.emit('Concat', names, { axis: 1 });
  return { name, filter: concat(filters, 2) };
}

/**
 * Conv2DBackpropInput as a layer: inputs are the wanted size, the filter [height, width, out, in] and the picture.
 * Its paddings are those of the forward convolution that would shrink the output to the input.
 */
function transposedConvolution(o: Operation): Value {
  const { builder } = o;
  const filter = constantOf(o, 1);
  const source = toNchwFormat(o, inputOf(o, 2));
  const window = readWindow(o, [filter.shape[0]!, filter.shape[1]!]);
  const outputs = filter.shape[2]!;
  const wanted = wantedSize(o);
  const pads: [number, number][] = [];
  const extra: number[] = [];
  const out: Dim[] = [];
  for (const d of [0, 1] as const) {
    const stride = window.strides[d];
    const reach = (window.kernel[d] - 1) * window.dilations[d] + 1;
    const length = source.shape[d + 1]!;
    const size = wanted?.[d] ?? multiplyDims(length, stride);
    out.push(size);
    // With an unknown size only the plain doubling (or whatever the stride is) has paddings known in advance.
    const steps = typeof size === 'number' && typeof length === 'number' ? size - length * stride : 0;
    if (typeof size === 'string' && size !== multiplyDims(length, stride))
      fail(o, `its output size ${size} is unknown`);
    const slack = window.padding === 'VALID' ? 0 : Math.max(0, reach - stride - steps);
    const explicit = typeof window.padding === 'string' ? undefined : window.padding[d]!;
    const pad: [number, number] = explicit ?? [Math.floor(slack / 2), Math.ceil(slack / 2)];
    pads.push(pad);
    extra.push(steps + stride - reach + pad[0] + pad[1]);
  }
  if (extra.some((n) => n < 0)) fail(o, 'its output is smaller than its window');
  const name = builder.emit(
    'ConvTranspose',
    [builder.nchw(source), builder.initializer(transpose(filter, [3, 2, 0, 1]))],
    {
      kernel_shape: [...window.kernel],
      strides: [...window.strides],
      dilations: [...window.dilations],
      pads: onnxPads(pads),
      output_padding: extra,
    },
  );
  return fromNchwFormat(o, { dtype: source.dtype, shape: [source.shape[0]!, ...out, outputs], nchw: name });
}

function wantedSize(o: Operation): Dim[] | undefined {
  const sizes = inputOf(o, 0);
  const elements = sizes.tensor ? Array.from(sizes.tensor.data) : sizes.symbolic?.data;
  const first = stringAttr(o.node, 'data_format', 'NHWC') === 'NCHW' ? 2 : 1;
  // A dimension of -1 would mean unknown in a size that the graph computes.
  return elements?.slice(first, first + 2);
}
