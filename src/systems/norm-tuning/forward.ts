import type { Affine, Block } from "./certify.ts";

/**
 * What the blocks compute, in float64.
 *
 * @param inputs - float64[count, inDim], row by row
 * @param relus - whether a ReLU follows the last block too; default false
 * @returns float64[count, outDim]
 */
export function applyBlocks(blocks: readonly Block[], inputs: Float64Array, { relus = false } = {}): Float64Array {
  let x = inputs;
  for (const [l, { frozen, first, second }] of blocks.entries()) {
    const { inDim, width, outDim } = frozen;
    const hidden = mapRows(x, frozen.first, inDim, width, first, true);
    x = mapRows(hidden, frozen.second, width, outDim, second, relus || l + 1 < blocks.length);
  }
  return x;
}

/**
 * A linear map and a norm, and a ReLU where asked for, of every row.
 *
 * @param x - float64[count, inDim]
 * @param weight - float64[outDim, inDim]
 * @returns float64[count, outDim]
 */
export function mapRows(
  x: Float64Array,
  weight: Float64Array,
  inDim: number,
  outDim: number,
  { scale, shift }: Affine,
  relu: boolean,
): Float64Array {
  const count = x.length / inDim;
  const y = new Float64Array(count * outDim);
  const finish = (n: number, j: number, sum: number) => {
    const value = scale[j]! * sum + shift[j]!;
    y[n * outDim + j] = relu && value < 0 ? 0 : value;
  };
  let n = 0;
  // Four rows at a time read the weight once.
  for (; n + 4 <= count; n += 4) {
    const [x0, x1, x2, x3] = [n * inDim, (n + 1) * inDim, (n + 2) * inDim, (n + 3) * inDim];
    for (let j = 0; j < outDim; j++) {
      const from = j * inDim;
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let i = 0; i < inDim; i++) {
        const w = weight[from + i]!;
        s0 += w * x[x0 + i]!;
        s1 += w * x[x1 + i]!;
        s2 += w * x[x2 + i]!;
        s3 += w * x[x3 + i]!;
      }
      finish(n, j, s0);
      finish(n + 1, j, s1);
      finish(n + 2, j, s2);
      finish(n + 3, j, s3);
    }
  }
  for (; n < count; n++) {
    for (let j = 0; j < outDim; j++) {
      let sum = 0;
      for (let i = 0; i < inDim; i++) sum += weight[j * inDim + i]! * x[n * inDim + i]!;
      finish(n, j, sum);
    }
  }
  return y;
}
