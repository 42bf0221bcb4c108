import { addDims } from '../../tensor/dims.ts';
import { intAttr } from '../../tf/graph.ts';
import { fail, inputOf, type Lower, type Operation, positive } from '../operation.ts';
import { isNchw, type LiveChannels, NCHW_AXIS, splatOf, type Value } from '../value.ts';

export const joinOps: Record<string, Lower> = {
  ConcatV2: (o) => {
    const axis = inputOf(o, o.inputs.length - 1).tensor?.data[0] ?? fail(o, 'its axis must be a constant');
    return join(o, o.inputs.slice(0, -1), axis);
  },
  Concat: (o) => join(o, o.inputs.slice(1), inputOf(o, 0).tensor?.data[0] ?? fail(o, 'its axis must be a constant')),
  Pack: pack,
};

function join(o: Operation, parts: Value[], at: number): Value {
  const { builder } = o;
  const first = parts[0] ?? fail(o, 'it joins nothing');
  if (parts.length === 1) return first;
  const axis = positive(at, first.shape.length);
  const shape = [...first.shape];
  shape[axis] = parts.map((part) => part.shape[axis]!).reduce((sum, n) => addDims(sum, n));
  const { dtype } = first;
  if (!parts.some(isNchw))
    return {
      dtype,
      shape,
      plain: emitConcat(
        o,
        parts.map((p) => builder.plain(p)),
        axis,
      ),
    };
  const live = axis === 3 ? liveChannels(parts) : undefined;
  const names = parts.map((part) => builder.nchw(part));
  return { dtype, shape, nchw: emitConcat(o, names, NCHW_AXIS[axis]!), ...(live ? { live } : {}) };
}

function emitConcat(o: Operation, names: string[], axis: number): string {
  return o.builder.emit('Concat', names, { axis });
}

/** Which channels are not constant zero, where some are: a recurrent state that was fixed at zero. */
function liveChannels(parts: readonly Value[]): LiveChannels | undefined {
  let offset = 0;
  const list: LiveChannels['parts'] = [];
  for (const value of parts) {
    const width = value.shape[3];
    if (typeof width !== 'number') return undefined;
    if (splatOf(value) !== 0) list.push({ value, offset });
    offset += width;
  }
  return list.length && list.length < parts.length ? { parts: list } : undefined;
}

function pack(o: Operation): Value {
  const { builder } = o;
  const first = inputOf(o, 0);
  const axis = positive(intAttr(o.node, 'axis', 0), first.shape.length + 1);
  const shape = [...first.shape.slice(0, axis), o.inputs.length, ...first.shape.slice(axis)];
  const axes = builder.ints([axis]);
  const grown = o.inputs.map((part) => builder.emit('Unsqueeze', [builder.plain(part), axes]));
  const plain = grown.length === 1 ? grown[0]! : builder.emit('Concat', grown, { axis });
  return { dtype: first.dtype, shape, plain };
}
