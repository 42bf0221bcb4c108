import { ONNX_TYPES } from './lower/builder.ts';
import type { Net, NetAttr, NetValue } from './net.ts';
import { AttributeType, encodeOnnx, type OnnxAttribute, type OnnxTensor, type OnnxValueInfo } from './onnx-schema.ts';
import type { Tensor } from './tensor/tensor.ts';

/** ONNX 1.12: the oldest release with every operation the importer writes, and known to all execution providers. */
const OPSET = 17;
const IR_VERSION = 8;

export function encodeNet(net: Net): Uint8Array {
  return encodeOnnx({
    irVersion: IR_VERSION,
    producerName: 'hairline',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name: 'imported',
      node: net.nodes.map((node) => ({
        name: node.name,
        opType: node.op,
        input: node.inputs,
        output: node.outputs,
        attribute: Object.entries(node.attrs).map(([name, value]) => encodeAttribute(name, value)),
      })),
      initializer: [...net.constants].map(([name, tensor]) => encodeTensor(name, tensor)),
      input: net.inputs.map(encodeValue),
      output: net.outputs.map(encodeValue),
      valueInfo: [],
    },
  });
}

function encodeAttribute(name: string, value: NetAttr): OnnxAttribute {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: AttributeType.INTS, ints: value };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('floats' in value) return { name, type: AttributeType.FLOATS, floats: value.floats };
  return { name, type: AttributeType.TENSOR, t: encodeTensor('', value.tensor) };
}

function encodeTensor(name: string, { dtype, shape, data }: Tensor): OnnxTensor {
  const stored = dtype === 'int64' ? BigInt64Array.from(data, (n) => BigInt(n)) : typed(dtype, data);
  const rawData = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  return { name, dims: shape, dataType: ONNX_TYPES[dtype], rawData };
}

/** Constants may be held in another array type than their own, for instance a shape computed in doubles. */
function typed(dtype: Tensor['dtype'], data: Tensor['data']): Tensor['data'] {
  switch (dtype) {
    case 'float32':
      return data instanceof Float32Array ? data : Float32Array.from(data);
    case 'int32':
      return data instanceof Int32Array ? data : Int32Array.from(data);
    case 'float64':
      return data instanceof Float64Array ? data : Float64Array.from(data);
    case 'int8':
      return data instanceof Int8Array ? data : Int8Array.from(data);
    default:
      return data instanceof Uint8Array ? data : Uint8Array.from(data);
  }
}

function encodeValue({ name, dtype, shape }: NetValue): OnnxValueInfo {
  const dim = shape.map((n) => (typeof n === 'number' ? { dimValue: n } : { dimParam: n }));
  return { name, type: { tensorType: { elemType: ONNX_TYPES[dtype], shape: { dim } } } };
}
