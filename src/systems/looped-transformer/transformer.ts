/** A transformer as named layers of nearly empty matrices, applied again and again to the same columns. @module */
import type { SparseMatrix } from "./sparse-matrix.ts";

/** The largest machine there is. */
export const mostColumns = 4096;

/** float32, as accelerators compute, or float64. */
export type Precision = "float32" | "float64";

/**
 * One attention head. Column j of the state attends to column i with the score q_j · k_i, times the temperature, and takes the
 * softmax-weighted mean of the values.
 *
 * By convention the first rows of query and key are an address: position codes of +1 and -1, to which a column may add a
 * pointer. A column without a pointer so attends to itself.
 */
export interface Head {
  readonly name: string;
  /** [rank, width] */
  readonly query: SparseMatrix;
  /** [rank, width] */
  readonly key: SparseMatrix;
  /** [width, width] */
  readonly value: SparseMatrix;
}

/** relu(W1 x + b1) in, W2 out: x + W2 relu(W1 x + b1). */
export interface FeedForward {
  /** [units, width] */
  readonly inner: SparseMatrix;
  /** float64[units] */
  readonly bias: Float64Array;
  /** [width, units] */
  readonly outer: SparseMatrix;
  /** What runs of units do, in order. */
  readonly groups: readonly UnitGroup[];
}

/** Units that do one thing together. */
export interface UnitGroup {
  readonly purpose: string;
  readonly units: number;
}

/** One layer: attention, then the feed-forward network, each added to its input. */
export interface TransformerLayer {
  readonly name: string;
  /** One sentence: what the layer does to the machine. */
  readonly purpose: string;
  readonly heads: readonly Head[];
  readonly feedForward: FeedForward;
}

/** The weights of a machine. They depend on its size and nothing else: programs are input. */
export interface LoopedTransformer {
  /** Rows of the state: features of a column. */
  readonly width: number;
  /** Columns of the state. */
  readonly columns: number;
  /** Rows of every address: ceil(log2 columns). */
  readonly addressBits: number;
  /** Columns from 0 on that work; the others store. */
  readonly scratchColumns: number;
  /** Columns that scratch columns attend to without a pointer, beside themselves. */
  readonly constantColumns: readonly number[];
  /** What scores are multiplied by before the softmax. */
  readonly temperature: number;
  /** The temperature from which on wrong columns weigh nothing that could matter. */
  readonly safeTemperature: number;
  readonly precision: Precision;
  readonly layers: readonly TransformerLayer[];
}

/** Sizes of a transformer. */
export interface TransformerCensus {
  readonly layers: number;
  readonly heads: number;
  /** The most heads in one layer. */
  readonly headsPerLayer: number;
  readonly units: number;
  /** Numbers in all matrices, as they are stored in full: queries, keys, values, W1, b1, W2. */
  readonly parameters: number;
  readonly nonzero: number;
}

/** All matrices of a layer. */
export function matricesOf({ heads, feedForward }: TransformerLayer): SparseMatrix[] {
  return [...heads.flatMap(({ query, key, value }) => [query, key, value]), feedForward.inner, feedForward.outer];
}

/** Counts heads, units and numbers. */
export function countTransformer({ layers }: LoopedTransformer): TransformerCensus {
  let [heads, headsPerLayer, units, parameters, nonzero] = [0, 0, 0, 0, 0];
  for (const layer of layers) {
    heads += layer.heads.length;
    headsPerLayer = Math.max(headsPerLayer, layer.heads.length);
    units += layer.feedForward.bias.length;
    parameters += layer.feedForward.bias.length;
    nonzero += layer.feedForward.bias.filter((value) => value !== 0).length;
    for (const { rows, columns, values } of matricesOf(layer)) {
      parameters += rows * columns;
      nonzero += values.length;
    }
  }
  return { layers: layers.length, heads, headsPerLayer, units, parameters, nonzero };
}
