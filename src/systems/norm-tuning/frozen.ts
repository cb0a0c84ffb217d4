/** The random weights that stay as they are: made anew from the seed wherever they are needed, and never stored. @module */
import { Random } from "../../core/index.ts";
import { sha256 } from "../../storage/index.ts";

/** Sizes of the two linear maps that stand for one layer of the target. */
export interface BlockSize {
  readonly inDim: number;
  /** Neurons between the two maps. */
  readonly width: number;
  readonly outDim: number;
}

/** The frozen linear maps of one block. */
export interface FrozenBlock extends BlockSize {
  /** float64[width, inDim], row by row. */
  readonly first: Float64Array;
  /** float64[outDim, width], row by row. */
  readonly second: Float64Array;
}

/** Share of the entries that a block keeps: p = c sqrt(log d / d) with d the larger of its two dimensions, 1 at most. */
export function keepProbability(sparsity: number | undefined, { inDim, outDim }: BlockSize): number {
  const d = Math.max(inDim, outDim);
  if (sparsity === undefined || d < 2) return 1;
  return Math.min(1, sparsity * Math.sqrt(Math.log(d) / d));
}

/**
 * A random matrix: normal entries of variance 1 / (columns keep), each kept with probability `keep` and 0 otherwise.
 *
 * @remarks Values and mask come from two streams of their own, row by row: `frozen, name` and `mask, name` under the seed. This is the
 * contract by which another program makes the same matrices.
 */
function draw(seed: number, name: string, rows: number, columns: number, keep: number): Float64Array {
  const values = new Random(seed, "norm", "frozen", name);
  const deviation = 1 / Math.sqrt(columns * keep);
  const matrix = Float64Array.from({ length: rows * columns }, () => values.normal(0, deviation));
  if (keep === 1) return matrix;
  const mask = new Random(seed, "norm", "mask", name);
  return matrix.map((value) => (mask.uniform() < keep ? value : 0));
}

/**
 * The frozen maps of block `index`.
 *
 * @param keep - share of the entries that are not zero, in (0, 1]
 */
export function freezeBlock(seed: number, index: number, size: BlockSize, keep = 1): FrozenBlock {
  const { inDim, width, outDim } = size;
  return {
    inDim,
    width,
    outDim,
    first: draw(seed, `${index}.first`, width, inDim, keep),
    second: draw(seed, `${index}.second`, outDim, width, keep),
  };
}

const bytesOf = (values: Float64Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** SHA-256 of all frozen weights: of the text of every matrix's own SHA-256, a line each, first and second by turns. */
export function hashFrozen(blocks: readonly FrozenBlock[]): string {
  const lines = blocks.flatMap(({ first, second }) => [first, second].map((matrix) => sha256(bytesOf(matrix))));
  return sha256(lines.join("\n"));
}

/** Entries of the frozen weights, and how many are not zero. */
export function countFrozen(blocks: readonly FrozenBlock[]): { readonly entries: number; readonly nonZeros: number } {
  let entries = 0;
  let nonZeros = 0;
  for (const { first, second } of blocks) {
    for (const matrix of [first, second]) {
      entries += matrix.length;
      for (const value of matrix) if (value !== 0) nonZeros++;
    }
  }
  return { entries, nonZeros };
}
