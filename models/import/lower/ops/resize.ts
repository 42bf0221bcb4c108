import type { Dim } from '../../tensor/tensor.ts';
import { boolAttr } from '../../tf/graph.ts';
import { fail, inputOf, type Lower, type Operation } from '../operation.ts';
import type { Value } from '../value.ts';

export const resizeOps: Record<string, Lower> = {
  ResizeBilinear: (o) => resize(o, 'linear'),
  ResizeNearestNeighbor: (o) => resize(o, 'nearest'),
};

/**
 * TensorFlow's three ways of placing pixels are three coordinate modes of ONNX's Resize (Resize-13). For nearest
 * neighbor, TensorFlow rounds floor(i * scale), with align_corners round(i * scale) and with half_pixel_centers
 * floor((i + 0.5) * scale), which is round-half-up of the half-pixel coordinate
 * (tensorflow/core/kernels/image/resize_nearest_neighbor_op.cc).
 */
function resize(o: Operation, mode: 'linear' | 'nearest'): Value {
  const { builder, node } = o;
  const source = inputOf(o, 0);
  const sizes = inputOf(o, 1);
  const [batch, height, width, channels] = source.shape;
  if (source.shape.length !== 4) fail(o, `its input has ${source.shape.length} dimensions`);
  const wanted: Dim[] = sizes.tensor
    ? Array.from(sizes.tensor.data)
    : (sizes.symbolic?.data ?? [`${node.name}.height`, `${node.name}.width`]);
  const dtype = mode === 'linear' ? 'float32' : source.dtype;
  if (wanted[0] === height && wanted[1] === width) {
    return source.dtype === dtype ? source : { ...castTo(o, source), dtype };
  }
  const corners = boolAttr(node, 'align_corners');
  const half = boolAttr(node, 'half_pixel_centers');
  const input = source.dtype === dtype ? builder.nchw(source) : builder.nchw(castTo(o, source));
  const size = sizeVector(o, source, sizes, wanted);
  const name = builder.emit('Resize', [input, '', '', size], {
    mode,
    coordinate_transformation_mode: corners ? 'align_corners' : half ? 'half_pixel' : 'asymmetric',
    ...(mode === 'nearest' ? { nearest_mode: corners || half ? 'round_prefer_ceil' : 'floor' } : {}),
  });
  return { dtype, shape: [batch!, wanted[0]!, wanted[1]!, channels!], nchw: name };
}

function sizeVector(o: Operation, source: Value, sizes: Value, wanted: readonly Dim[]): string {
  const [batch, , , channels] = source.shape;
  const { builder } = o;
  const shape = typeof batch === 'number' && typeof channels === 'number' ? undefined : builder.runtimeShape(source);
  return builder.vector([
    typeof batch === 'number' ? batch : { value: shape!, index: 0 },
    typeof channels === 'number' ? channels : { value: shape!, index: 3 },
    typeof wanted[0] === 'number' ? wanted[0] : { value: sizes, index: 0 },
    typeof wanted[1] === 'number' ? wanted[1] : { value: sizes, index: 1 },
  ]);
}

function castTo(o: Operation, source: Value): Value {
  const { dtype: _, plain, nchw, shape } = source;
  const { builder } = o;
  if (plain === undefined && nchw !== undefined)
    return { dtype: 'float32', shape, nchw: builder.cast(nchw, 'float32') };
  return { dtype: 'float32', shape, plain: builder.cast(builder.plain(source), 'float32') };
}
