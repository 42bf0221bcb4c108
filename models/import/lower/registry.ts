import type { Lower } from './operation.ts';
import { binaryOps } from './ops/binary.ts';
import { convOps } from './ops/conv.ts';
import { flowOps } from './ops/flow.ts';
import { indexOps } from './ops/index-ops.ts';
import { joinOps } from './ops/join.ts';
import { normOps } from './ops/norm.ts';
import { poolOps } from './ops/pool.ts';
import { productOps } from './ops/product.ts';
import { reduceOps } from './ops/reduce.ts';
import { resizeOps } from './ops/resize.ts';
import { shapeOps } from './ops/shape.ts';
import { sliceOps } from './ops/slice.ts';
import { spaceOps } from './ops/space.ts';
import { unaryOps } from './ops/unary.ts';

/** Every TensorFlow operation the importer knows. A map, so that an operation named like an Object method is unknown. */
export const lowerings: ReadonlyMap<string, Lower> = new Map(
  [
    binaryOps,
    convOps,
    flowOps,
    indexOps,
    joinOps,
    normOps,
    poolOps,
    productOps,
    reduceOps,
    resizeOps,
    shapeOps,
    sliceOps,
    spaceOps,
    unaryOps,
  ].flatMap((family) => Object.entries(family)),
);
