import protobuf from 'protobufjs/minimal.js';
import type { ModelSpec } from '../registry/spec/model-spec.ts';

/** Numbers of the fields on the way from a model to the names of its input's dimensions (onnx.proto). */
const FIELD = { graph: 7, input: 11, name: 1, type: 2, tensorType: 1, shape: 2, dim: 1, dimParam: 2 } as const;

/**
 * Sizes for the dimensions that a graph leaves open ("batch", "height"), by name: ONNX Runtime wants them before it
 * loads the graph, and tells them only afterwards. Skips the weights, so that it takes no time on a large file.
 */
export function readFreeDimensions(onnx: Uint8Array, { input }: ModelSpec): Record<string, number> {
  const { width, height } = input;
  const sizes = input.layout === 'NCHW' ? [1, 3, height, width] : [height, width, 3];
  const found: Record<string, number> = {};
  try {
    inputDimensions(onnx, input.name).forEach((name, axis) => {
      if (name !== null && sizes[axis] !== undefined) found[name] = sizes[axis];
    });
  } catch {
    // Not a graph, or cut short: the runtime will say so.
  }
  return found;
}

/** Per axis of one input the name of the dimension, or null where its size is fixed. */
function inputDimensions(onnx: Uint8Array, inputName: string): (string | null)[] {
  for (const graph of children(onnx, FIELD.graph)) {
    for (const value of children(graph, FIELD.input)) {
      if (text(children(value, FIELD.name)[0]) !== inputName) continue;
      const shape = children(value, FIELD.type)
        .flatMap((type) => children(type, FIELD.tensorType))
        .flatMap((tensor) => children(tensor, FIELD.shape));
      return shape.flatMap((s) => children(s, FIELD.dim)).map((dim) => text(children(dim, FIELD.dimParam)[0]) || null);
    }
  }
  return [];
}

/** The contents of every length-delimited field with this number. */
function children(message: Uint8Array, field: number): Uint8Array[] {
  const reader = protobuf.Reader.create(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const wireType = tag & 7;
    if (wireType === 2 && tag >>> 3 === field) {
      const length = reader.uint32();
      found.push(message.subarray(reader.pos, reader.pos + length));
      reader.skip(length);
    } else {
      reader.skipType(wireType);
    }
  }
  return found;
}

function text(bytes: Uint8Array | undefined): string {
  return bytes ? new TextDecoder().decode(bytes) : '';
}
