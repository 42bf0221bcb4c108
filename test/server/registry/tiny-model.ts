import { createHash } from 'node:crypto';
import {
  AttributeType,
  DataType,
  encodeOnnx,
  type OnnxModel,
  type OnnxTensor,
} from '../../../models/import/onnx-schema.ts';

const FLOAT_CHANNELS = 3;

/**
 * A picture network in miniature, stored as real ones are: half-precision weights behind casts, and a second output
 * that only training wanted. `alpha` = sigmoid(1x1 convolution of `input`), `side` = a 3x3 convolution of it.
 */
export function tinyModel(): OnnxModel {
  const image = (name: string, channels: number, elemType: number = DataType.FLOAT) => ({
    name,
    type: {
      tensorType: {
        elemType,
        shape: { dim: [1, channels, 8, 8].map((dimValue) => ({ dimValue })) },
      },
    },
  });
  const node = (opType: string, input: string[], output: string) => ({
    opType,
    input,
    output: [output],
    attribute: [] as OnnxModel['graph']['node'][number]['attribute'],
  });
  const cast = (input: string, output: string, to: number) => ({
    ...node('Cast', [input], output),
    attribute: [{ name: 'to', type: AttributeType.INT, i: to }],
  });
  return {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'tiny',
      node: [
        cast('input', 'half', DataType.FLOAT16),
        node('Conv', ['half', 'w', 'b'], 'logit_half'),
        cast('logit_half', 'logit', DataType.FLOAT),
        node('Sigmoid', ['logit'], 'alpha'),
        {
          ...node('Conv', ['half', 'side_w'], 'side_half'),
          attribute: [{ name: 'pads', type: AttributeType.INTS, ints: [1, 1, 1, 1] }],
        },
        cast('side_half', 'side', DataType.FLOAT),
      ],
      initializer: [
        halfTensor('w', [1, FLOAT_CHANNELS, 1, 1], [0x3c00, 0xb800, 0x3400]),
        halfTensor('b', [1], [0x2e66]),
        halfTensor(
          'side_w',
          [1, FLOAT_CHANNELS, 3, 3],
          Array.from({ length: 27 }, (_, i) => 0x3000 + 16 * i),
        ),
      ],
      input: [image('input', FLOAT_CHANNELS)],
      output: [image('alpha', 1), image('side', 1)],
      valueInfo: [image('logit_half', 1, DataType.FLOAT16)],
    },
  };
}

function halfTensor(name: string, dims: number[], bits: number[]): OnnxTensor {
  return {
    name,
    dims,
    dataType: DataType.FLOAT16,
    rawData: new Uint8Array(Uint16Array.from(bits).buffer),
  };
}

/** Cuts a file as the package does: `dist/<hash>` per chunk and a list of them. */
export function chunked(resource: string, bytes: Uint8Array, size: number): Record<string, Uint8Array | string> {
  const files: Record<string, Uint8Array | string> = {};
  const chunks = [];
  for (let start = 0; start < bytes.length; start += size) {
    const part = bytes.slice(start, start + size);
    const hash = sha256(part);
    files[`dist/${hash}`] = part;
    chunks.push({ hash, offsets: [start, start + part.length] });
  }
  files['dist/resources.json'] = JSON.stringify({
    [resource]: { size: bytes.length, mime: 'application/octet-stream', chunks },
  });
  return files;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export const tinyBytes = () => encodeOnnx(tinyModel());
