import { GraphBuilder } from './graph-builder.ts';

export interface StandIn {
  /** Channels per level, from full size to the bottom. */
  coarse: number[];
  fine: number[];
  /** How ResizeBilinear places pixels. */
  placement: 'legacy' | 'align_corners' | 'half_pixel_centers';
  /** Batch norm: folded into bias, one op, or spelled out. */
  norm: 'folded' | 'fused' | 'unfolded';
  head: 'output_png' | 'output_alpha';
}

/** Height and width of BSHM's two networks. */
const COARSE = [192, 160] as const;
const FINE = [768, 640] as const;
const MEAN = [123.68, 116.78, 103.94];

/** A few thousand parameters: quick to run everywhere. */
export const SMALL = { coarse: [4, 8], fine: [4, 6, 8] };

/** Nearly thirty million parameters, most of them at the bottom as in any U-Net. */
export const FULL_SIZE = { coarse: [16, 32, 64, 128, 256, 512], fine: [16, 32, 64, 128, 256, 512, 768] };

const FLOAT = { T: { type: 'DT_FLOAT' } };
const INT = { T: { type: 'DT_INT32' } };

/**
 * A network with BSHM's exact interface and inner sizes but random weights: `input_image` is float RGB, height x width x
 * 3 without a batch, 0..255, of any size. Coarse U-Net, then fine U-Net with the coarse mask as a fourth channel.
 */
export function buildStandIn(options: StandIn): { graph: GraphBuilder; output: string; parameters: number } {
  const net = new StandInGraph(options);
  net.build();
  return { graph: net.graph, output: options.head, parameters: net.parameters };
}

class StandInGraph {
  readonly graph = new GraphBuilder(11);
  parameters = 0;

  constructor(private readonly options: StandIn) {}

  build(): void {
    const { graph: g } = this;
    const image = g.input('input_image', [-1, -1, 3]);
    const size = this.#sizeOf(image);
    const batch = g.op('ExpandDims', [image, g.ints(0)], FLOAT);
    const centered = g.op('RealDiv', [g.op('Sub', [batch, g.floats(MEAN)], FLOAT), g.floats(64)], FLOAT);
    const small = this.#resize(centered, g.ints([...COARSE]));
    const coarse = g.op('Sigmoid', [this.#unet(small, 3, this.options.coarse, COARSE)], FLOAT);
    const picture = this.#resize(centered, g.ints([...FINE]));
    const guide = this.#resize(coarse, g.ints([...FINE]));
    const joined = g.op('ConcatV2', [picture, guide, g.ints(3)], { ...FLOAT, N: 2 });
    const fine = g.op('Sigmoid', [this.#unet(joined, 4, this.options.fine, FINE)], FLOAT);
    this.#head(image, this.#resize(fine, size));
  }

  #head(image: string, alpha: string): void {
    const { graph: g } = this;
    const scaled = g.op('Mul', [alpha, g.floats(255)], FLOAT);
    if (this.options.head === 'output_alpha') {
      g.op('Squeeze', [scaled], { ...FLOAT, squeeze_dims: [0, 3] }, 'output_alpha');
    } else {
      const plane = g.op('Squeeze', [scaled], { ...FLOAT, squeeze_dims: [0] });
      g.op('ConcatV2', [image, plane, g.ints(2)], { ...FLOAT, N: 2 }, 'output_png');
    }
  }

  #sizeOf(image: string): string {
    const { graph: g } = this;
    const shape = g.op('Shape', [image], { ...FLOAT, out_type: { type: 'DT_INT32' } });
    return g.op('StridedSlice', [shape, g.ints([0]), g.ints([2]), g.ints([1])], { ...INT, begin_mask: 1 });
  }

  #resize(x: string, size: string): string {
    const { placement } = this.options;
    const attrs = {
      align_corners: placement === 'align_corners',
      half_pixel_centers: placement === 'half_pixel_centers',
    };
    return this.graph.op('ResizeBilinear', [x, size], { ...FLOAT, ...attrs });
  }

  #unet(input: string, inputs: number, widths: readonly number[], size: readonly [number, number]): string {
    const { graph: g } = this;
    const skips: string[] = [];
    let x = input;
    let channels = inputs;
    widths.forEach((width, level) => {
      x = this.#block(this.#block(x, channels, width), width, width);
      channels = width;
      if (level === widths.length - 1) return;
      skips.push(x);
      x = g.op('MaxPool', [x], {
        ...FLOAT,
        data_format: 'NHWC',
        padding: 'SAME',
        ksize: [1, 2, 2, 1],
        strides: [1, 2, 2, 1],
      });
    });
    for (let level = widths.length - 2; level >= 0; level--) {
      const scale = 2 ** level;
      const up = this.#resize(x, g.ints([size[0] / scale, size[1] / scale]));
      const joined = g.op('ConcatV2', [up, skips[level]!, g.ints(3)], { ...FLOAT, N: 2 });
      x = this.#block(joined, channels + widths[level]!, widths[level]!);
      channels = widths[level]!;
    }
    return g.op('BiasAdd', [this.#convolution(x, channels, 1), g.floats([0.1])], FLOAT);
  }

  #block(x: string, inputs: number, outputs: number): string {
    return this.graph.op('Relu', [this.#norm(this.#convolution(x, inputs, outputs), outputs)], FLOAT);
  }

  #convolution(x: string, inputs: number, outputs: number): string {
    this.parameters += 9 * inputs * outputs;
    return this.graph.op('Conv2D', [x, this.graph.weights([3, 3, inputs, outputs])], {
      ...FLOAT,
      data_format: 'NHWC',
      padding: 'SAME',
      strides: [1, 1, 1, 1],
      dilations: [1, 1, 1, 1],
    });
  }

  #norm(x: string, channels: number): string {
    const { graph: g } = this;
    const offset = () => g.between(-0.2, 0.2, [channels]);
    if (this.options.norm === 'folded') return g.op('BiasAdd', [x, offset()], FLOAT);
    const [gamma, variance] = [g.between(0.8, 1.2, [channels]), g.between(0.7, 1.4, [channels])];
    if (this.options.norm === 'fused') {
      const attrs = { ...FLOAT, data_format: 'NHWC', epsilon: { float: 1e-3 }, is_training: false };
      return g.op('FusedBatchNormV3', [x, gamma, offset(), offset(), variance], attrs);
    }
    const spread = g.op('Rsqrt', [g.op('Add', [variance, g.floats(1e-3)], FLOAT)], FLOAT);
    const scale = g.op('Mul', [spread, gamma], FLOAT);
    const shift = g.op('Sub', [offset(), g.op('Mul', [offset(), scale], FLOAT)], FLOAT);
    return g.op('Add', [g.op('Mul', [x, scale], FLOAT), shift], FLOAT);
  }
}
