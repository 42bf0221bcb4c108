/** How to import a graph. Names are those of the graph's signature, or of its nodes. */
export interface ImportOptions {
  /** Fixed shapes for inputs; a string names a dimension that stays open. By default the graph's own, batch 1. */
  inputs?: Record<string, { shape: (number | string)[] }>;
  /** Inputs that become constants: every element of the shape is the value. They vanish from the ONNX graph. */
  constants?: Record<string, { shape: number[]; value: number }>;
  /** The outputs to keep; everything they do not need is dropped. By default all. */
  outputs?: string[];
  /** Takes pictures, and gives feature maps, channels-first, which saves the transposes at the border. */
  transposeInputs?: boolean;
}

export type Layout = 'NHWC' | 'NCHW' | 'plain';

export interface Port {
  name: string;
  shape: (number | string)[];
  layout: Layout;
  dtype: string;
}

export interface ImportedGraph {
  onnx: Uint8Array;
  inputs: Port[];
  outputs: Port[];
  /** How many nodes of each ONNX operation the result has. */
  ops: Record<string, number>;
  /** What was decided on the way: open dimensions, constants, layouts. */
  notes: string[];
}
