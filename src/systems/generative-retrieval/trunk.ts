/** Causal attention over packed histories: what the compact model and SASRec share. @module */
import { add, equal, iota, mul, reshape, slice, sum, type Tensor, take, where } from "../../engine/index.ts";
import {
  applyDropout,
  type BlockParams,
  type EmbeddingParams,
  embedding,
  type Layer,
  layerNorm,
  type Mode,
  type NormParams,
  type Traced,
  transformerBlock,
} from "../../nn/index.ts";
import { positionFeatures } from "./packing.ts";

/** Sizes of a trunk. */
export interface TrunkOptions {
  /** Positions a row. */
  readonly length: number;
  readonly dim: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly hiddenDim: number;
  readonly dropout: number;
}

/** Parameters of {@link trunk}. */
export interface TrunkParams {
  /** float32 [width · codebookSize, dim]: a vector for each code of each level. */
  readonly codes: EmbeddingParams;
  /** float32 [length, dim] */
  readonly positions: EmbeddingParams;
  readonly blocks: readonly BlockParams[];
  readonly norm: NormParams;
}

/** float32 [rows, 1, length, length]: 0 between positions of the same piece, -1e9 elsewhere. */
function pieceBias(pieces: Tensor): Tensor {
  const [rows, length] = pieces.shape;
  const same = equal(reshape(pieces, [rows, length, 1]), reshape(pieces, [rows, 1, length]));
  return reshape(where(same, 0, -1e9), [rows, 1, length, length]);
}

/** The codes of each position, as places in one table of all levels: int32 [rows, length, width]. */
function tableRows(inputs: Tensor, width: number, codebookSize: number): Tensor {
  const codes = slice(inputs, [null, null, [positionFeatures, positionFeatures + width]]);
  return add(codes, mul(iota(width), codebookSize));
}

/**
 * Reads packed items and gives a state for every position: int32 [rows, length, 2 + width …] to float32 [rows, length, dim]. An item
 * is the sum of the vectors of its codes.
 *
 * @param width - codes an item
 * @param codebookSize - codes a level
 */
export function trunk(width: number, codebookSize: number, options: TrunkOptions): Layer<TrunkParams> {
  const { length, dim, numLayers, numHeads, hiddenDim, dropout } = options;
  const scale = 0.02;
  const table = embedding(width * codebookSize, dim, scale);
  const positions = embedding(length, dim, scale);
  const blocks = Array.from({ length: numLayers }, () =>
    transformerBlock({ dim, numHeads, hiddenDim, dropout, causal: true, activation: "relu" }),
  );
  const norm = layerNorm(dim);
  return {
    init: (random) => ({
      codes: table.init(random),
      positions: positions.init(random),
      blocks: blocks.map((block) => block.init(random)),
      norm: norm.init(random),
    }),
    apply(params, inputs, mode: Mode) {
      const [rows] = inputs.shape;
      const feature = (i: number) => reshape(slice(inputs, [null, null, [i, i + 1]]), [rows, length]);
      const vectors = take(params.codes.weight as Tensor, tableRows(inputs, width, codebookSize));
      const placed = add(sum(vectors, [2]), take(params.positions.weight as Tensor, feature(1)));
      const bias = pieceBias(feature(0));
      const states = blocks.reduce(
        (x, block, i) => block.apply((params.blocks as readonly Traced<BlockParams>[])[i], { x, bias }, mode),
        applyDropout(placed, dropout, mode),
      );
      return norm.apply(params.norm as Traced<NormParams>, states, mode);
    },
  };
}
