/** A network's answer from its weights alone: multiply, add, compare with 0, layer after layer. @module */
import { setImmediate } from "node:timers/promises";
import { hostTensor, type WorkHooks } from "../../core/index.ts";
import { compile, matmul, type Tensor } from "../../engine/index.ts";
import type { Layer, Network } from "./network.ts";
import type { Points } from "./points.ts";

/** What {@link forward} gives. */
export interface Answers {
  /** By point: the outputs as a whole number, output c counting 2^c. */
  readonly labels: Uint32Array;
  /** The smallest |w x + b| of the first layer. */
  readonly smallestMargin: number;
}

const blockRows = 2048;

/** Fewer multiplications than this do not pay for the engine's start. */
const enginePays = 3e8;

/** Whether every sum of a layer's weights is a whole number that float32 holds, in whatever order it is added. */
export function fitsFloat32({ rowStarts, weights, bias }: Layer): boolean {
  for (let row = 0; row < bias.length; row++) {
    let reach = Math.abs(bias[row]!);
    for (let at = rowStarts[row]!; at < rowStarts[row + 1]!; at++) {
      if (!Number.isInteger(weights[at])) return false;
      reach += Math.abs(weights[at]!);
    }
    if (!Number.isInteger(bias[row]) || reach >= 2 ** 24) return false;
  }
  return true;
}

/** A layer's weights as a full matrix, [inputs, outputs]. */
export function fullMatrix<T extends Float32Array | Float64Array>(layer: Layer, matrix: T): T {
  const { outputs, rowStarts, columns, weights } = layer;
  for (let row = 0; row < outputs; row++) {
    for (let at = rowStarts[row]!; at < rowStarts[row + 1]!; at++) matrix[columns[at]! * outputs + row] = weights[at]!;
  }
  return matrix;
}

/** One layer ready to run on blocks of rows. */
interface Stage {
  /**
   * Writes 1[w x + b >= 0] for `height` rows of `values`, [blockRows, inputs], to `bits`, [blockRows, outputs].
   *
   * @returns the smallest |w x + b|
   */
  run(values: Float64Array, height: number, bits: Float64Array): Promise<number>;
  dispose(): Promise<void>;
}

/** Compares sums with 0. @returns the smallest of them without sign */
function compareSums(sums: ArrayLike<number>, bits: Float64Array, length: number): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let at = 0; at < length; at++) {
    const sum = sums[at]!;
    // No branch: signs are as good as random.
    bits[at] = Number(sum >= 0);
    smallest = Math.min(smallest, Math.abs(sum));
  }
  return smallest;
}

/** Adds bias and products to `sums`, [height, outputs], one weight at a time. */
function addPlain(
  { inputs, outputs, rowStarts, columns, weights, bias }: Layer,
  values: Float64Array,
  height: number,
  sums: Float64Array,
): void {
  for (let i = 0; i < height; i++) {
    const base = i * inputs;
    for (let row = 0; row < outputs; row++) {
      let sum = bias[row]!;
      const end = rowStarts[row + 1]!;
      for (let at = rowStarts[row]!; at < end; at++) sum += weights[at]! * values[base + columns[at]!]!;
      sums[i * outputs + row] = sum;
    }
  }
}

/** The sums one by one, over the weights that are not 0. */
function plainStage(layer: Layer): Stage {
  const sums = new Float64Array(blockRows * layer.outputs);
  return {
    async run(values, height, bits) {
      addPlain(layer, values, height, sums);
      return compareSums(sums, bits, height * layer.outputs);
    },
    dispose: async () => {},
  };
}

/** A layer in two: the rows and columns that are mostly full as a matrix, and all other weights. */
interface SplitLayer {
  readonly rows: Uint32Array;
  readonly columns: Uint32Array;
  /** [columns, rows] of the full part. */
  readonly matrix: Float64Array;
  /** The layer without the full part. */
  readonly rest: Layer;
}

/** Rows and columns with more weights than this share of their places are full. */
const fullShare = 0.05;

function splitLayer(layer: Layer): SplitLayer {
  const { inputs, outputs, rowStarts, columns, weights } = layer;
  const perColumn = new Uint32Array(inputs);
  for (const column of columns) perColumn[column]!++;
  const pick = (count: number, isFull: (at: number) => boolean) =>
    Uint32Array.from({ length: count }, (_, at) => at).filter(isFull);
  const fullRows = pick(outputs, (row) => rowStarts[row + 1]! - rowStarts[row]! > fullShare * inputs);
  const fullColumns = pick(inputs, (column) => perColumn[column]! > fullShare * outputs);
  const placeOfRow = new Int32Array(outputs).fill(-1);
  fullRows.forEach((row, place) => {
    placeOfRow[row] = place;
  });
  const placeOfColumn = new Int32Array(inputs).fill(-1);
  fullColumns.forEach((column, place) => {
    placeOfColumn[column] = place;
  });
  const matrix = new Float64Array(fullRows.length * fullColumns.length);
  const restStarts = new Uint32Array(outputs + 1);
  const restColumns: number[] = [];
  const restWeights: number[] = [];
  for (let row = 0; row < outputs; row++) {
    for (let at = rowStarts[row]!; at < rowStarts[row + 1]!; at++) {
      const [down, across] = [placeOfColumn[columns[at]!]!, placeOfRow[row]!];
      if (down >= 0 && across >= 0) matrix[down * fullRows.length + across] = weights[at]!;
      else {
        restColumns.push(columns[at]!);
        restWeights.push(weights[at]!);
      }
    }
    restStarts[row + 1] = restColumns.length;
  }
  const rest = {
    ...layer,
    rowStarts: restStarts,
    columns: Uint32Array.from(restColumns),
    weights: Float64Array.from(restWeights),
  };
  return { rows: fullRows, columns: fullColumns, matrix, rest };
}

/** The full part by a matrix product on the engine, and the rest one by one. */
function engineStage(layer: Layer, isFirst: boolean): Stage {
  const { inputs, outputs } = layer;
  const { rows, columns, matrix, rest } = splitLayer(layer);
  if (matrix.length === 0) return plainStage(layer);
  const narrow = !isFirst && fitsFloat32(layer);
  const make = (length: number) => (narrow ? new Float32Array(length) : new Float64Array(length));
  const weights = make(matrix.length);
  weights.set(matrix);
  const full = hostTensor(weights, [columns.length, rows.length]);
  const block = make(blockRows * columns.length);
  const packed = hostTensor(block, [blockRows, columns.length]);
  const product = compile((x: Tensor, w: Tensor) => matmul(x, w));
  const sums = new Float64Array(blockRows * outputs);
  return {
    async run(values, height, bits) {
      for (let i = 0, at = 0; i < height; i++) {
        for (let k = 0; k < columns.length; k++) block[at++] = values[i * inputs + columns[k]!]!;
      }
      const found = (await product(packed, full)).data as Float32Array | Float64Array;
      addPlain(rest, values, height, sums);
      for (let i = 0, at = 0; i < height; i++) {
        for (let k = 0; k < rows.length; k++) sums[i * outputs + rows[k]!]! += found[at++]!;
      }
      return compareSums(sums, bits, height * outputs);
    },
    dispose: () => product.dispose(),
  };
}

/** How layers are run: one weight at a time, by full matrices on the engine, or (`auto`) the latter where that pays. */
export type ForwardMode = "auto" | "plain" | "engine";

/**
 * The network's answers. Nothing but its weights is looked at, and nothing is done with them but multiplying, adding and comparing
 * with 0.
 *
 */
export async function forward(
  { layers }: Network,
  points: Points,
  hooks: WorkHooks = {},
  mode: ForwardMode = "auto",
): Promise<Answers> {
  const { count, dimensions, data } = points;
  const stages = layers.map((layer, at) => {
    const dense = layer.weights.length > fullShare * layer.inputs * layer.outputs;
    const pays = dense && count * layer.weights.length >= enginePays;
    return mode === "engine" || (mode === "auto" && pays) ? engineStage(layer, at === 0) : plainStage(layer);
  });
  const buffers = layers.map(({ inputs }) => new Float64Array(blockRows * inputs));
  const { outputs } = layers.at(-1)!;
  const last = new Float64Array(blockRows * outputs);
  const labels = new Uint32Array(count);
  let smallestMargin = Number.POSITIVE_INFINITY;
  try {
    for (let start = 0; start < count; start += blockRows) {
      await setImmediate();
      hooks.signal?.throwIfAborted();
      const height = Math.min(blockRows, count - start);
      buffers[0]!.set(data.subarray(start * dimensions, (start + height) * dimensions));
      for (const [at, stage] of stages.entries()) {
        const smallest = await stage.run(buffers[at]!, height, buffers[at + 1] ?? last);
        if (at === 0) smallestMargin = Math.min(smallestMargin, smallest);
      }
      for (let i = 0; i < height; i++) {
        let label = 0;
        for (let bit = outputs - 1; bit >= 0; bit--) label = 2 * label + last[i * outputs + bit]!;
        labels[start + i] = label;
      }
      hooks.progress?.((start + height) / count);
    }
  } finally {
    for (const stage of stages) await stage.dispose();
  }
  return { labels, smallestMargin };
}
