/** The orthogonal matrix that turns one set of vectors into another, wrong pairs among them or not. @module */
import { setImmediate } from "node:timers/promises";
import { hostTensor } from "../../core/index.ts";
import { svd } from "../../linalg/index.ts";
import type { Products } from "./similarity.ts";

/** Pairs of vectors, row by row: x[i] belongs with y[i]. */
export interface VectorPairs {
  /** float64[count, dim] */
  readonly x: Float64Array;
  /** float64[count, dim] */
  readonly y: Float64Array;
  readonly count: number;
  readonly dim: number;
}

/** Pairs a product takes at once: numbers of pairs are rounded up to it, so that few graphs are loaded. */
const chunkRows = 1024;

/** Rows from `start` on as a chunk, zeros after the last, each times its weight. */
function chunkOf(rows: Float64Array, dim: number, start: number, weights?: Float64Array) {
  const chunk = new Float64Array(chunkRows * dim);
  chunk.set(rows.subarray(start * dim, Math.min((start + chunkRows) * dim, rows.length)));
  if (weights) {
    const count = Math.min(chunkRows, weights.length - start);
    for (let i = 0; i < count * dim; i++) chunk[i] *= weights[start + Math.floor(i / dim)];
  }
  return hostTensor(chunk, [chunkRows, dim]);
}

/**
 * xᵀ diag(weights) y.
 *
 * @param x - float64[count, dim]
 * @param y - float64[count, dim]
 * @param weights - float64[count]; default ones
 * @returns float64[dim, dim], row by row
 */
export async function crossProduct(
  x: Float64Array,
  y: Float64Array,
  dim: number,
  products: Products,
  weights?: Float64Array,
): Promise<Float64Array> {
  const sum = new Float64Array(dim * dim);
  for (let start = 0; start * dim < x.length; start += chunkRows) {
    const { data } = await products.cross(chunkOf(x, dim, start), chunkOf(y, dim, start, weights));
    for (let i = 0; i < sum.length; i++) sum[i] += data[i];
  }
  return sum;
}

/** Rows times a matrix: float64[count, dim] and float64[dim, dim] to float64[count, dim]. */
export async function rowsTimes(rows: Float64Array, matrix: Float64Array, dim: number, products: Products) {
  const out = new Float64Array(rows.length);
  for (let start = 0; start * dim < rows.length; start += chunkRows) {
    const { data } = await products.plain(chunkOf(rows, dim, start), hostTensor(matrix, [dim, dim]));
    out.set((data as Float64Array).subarray(0, Math.min(data.length, rows.length - start * dim)), start * dim);
  }
  return out;
}

/** Makes rows orthonormal, first to last (Gram-Schmidt, twice); a row that depends on those before becomes any that does not. */
function orthonormalize(rows: Float64Array, dim: number): void {
  const row = (i: number) => rows.subarray(i * dim, (i + 1) * dim);
  const dot = (a: Float64Array, b: Float64Array) => {
    let sum = 0;
    for (let j = 0; j < dim; j++) sum += a[j] * b[j];
    return sum;
  };
  let nextAxis = 0;
  for (let i = 0; i < dim; i++) {
    const current = row(i);
    for (;;) {
      const before = Math.sqrt(dot(current, current));
      for (let pass = 0; pass < 2; pass++) {
        for (let k = 0; k < i; k++) {
          const along = dot(current, row(k));
          const other = row(k);
          for (let j = 0; j < dim; j++) current[j] -= along * other[j];
        }
      }
      const length = Math.sqrt(dot(current, current));
      if (length > 1e-6 * before && length > 0) {
        for (let j = 0; j < dim; j++) current[j] /= length;
        break;
      }
      current.fill(0);
      current[nextAxis++ % dim] = 1;
    }
  }
}

/** Both orthogonal factors of a square matrix m = u diag(s) v, whole whatever the rank of m. */
export interface OrthogonalFactors {
  /** float64[dim, dim]: left singular vectors in rows. */
  readonly u: Float64Array;
  /** float64[dim], descending. */
  readonly s: Float64Array;
  /** float64[dim, dim]: right singular vectors in rows. */
  readonly v: Float64Array;
}

/** Singular vectors of a square matrix, completed to orthogonal matrices where it has no full rank. */
export function orthogonalFactors(matrix: Float64Array, dim: number): OrthogonalFactors {
  const { u, s, v } = svd(matrix, dim, dim);
  const left = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) for (let k = 0; k < dim; k++) left[k * dim + i] = u[i * dim + k];
  const right = v.slice();
  for (let k = 0; k < dim; k++) {
    if (s[k] > 1e-7 * s[0]) continue;
    left.fill(0, k * dim, (k + 1) * dim);
    right.fill(0, k * dim, (k + 1) * dim);
  }
  orthonormalize(left, dim);
  orthonormalize(right, dim);
  return { u: left, s, v: right };
}

/** Σ_k a_k b_kᵀ over the rows of two matrices: aᵀ b. */
function sumOfOuterProducts(a: Float64Array, b: Float64Array, dim: number): Float64Array {
  const out = new Float64Array(dim * dim);
  for (let k = 0; k < dim; k++) {
    for (let i = 0; i < dim; i++) {
      const factor = a[k * dim + i];
      for (let j = 0; j < dim; j++) out[i * dim + j] += factor * b[k * dim + j];
    }
  }
  return out;
}

/**
 * The orthogonal Q that makes Σ weight_i |x_i Q - y_i|² smallest.
 *
 * @param weights - float64[count]; default ones
 * @returns float64[dim, dim], row by row; orthogonal to rounding also where the pairs do not span the space
 * @remarks Source: Schönemann (1966); xᵀ y = U S V gives Q = U V. The paper's W is Qᵀ.
 */
export async function procrustes(pairs: VectorPairs, products: Products, weights?: Float64Array) {
  const { x, y, dim } = pairs;
  const { u, v } = orthogonalFactors(await crossProduct(x, y, dim, products, weights), dim);
  return sumOfOuterProducts(u, v, dim);
}

export interface RobustOptions {
  /** Times that the pairs are weighed anew. Default 10. */
  readonly iterations?: number;
  /** As the released code does: weights multiply those of earlier iterations, and errors are those of weighted pairs. */
  readonly compat?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Keeps the weight of a pair that fits exactly finite. */
const smallestError = 1e-3;

/**
 * Procrustes that wrong pairs cannot pull away: pairs weigh 1 / (|x_i Q - y_i|² + 0.001), again and again.
 *
 * @returns the matrix as of {@link procrustes}, and the weight of each pair, at most 1
 * @remarks Source: Dinh et al. (2022), WALIP, robust Procrustes, as iteratively reweighted
 * least squares on the pairs as they are. The released code weighs pairs that are weighted already: `compat`.
 */
export async function robustProcrustes(
  pairs: VectorPairs,
  products: Products,
  { iterations = 10, compat = false, signal }: RobustOptions = {},
): Promise<{ matrix: Float64Array; weights: Float64Array }> {
  const { x, y, count, dim } = pairs;
  let matrix = await procrustes(pairs, products);
  let weights = new Float64Array(count).fill(1);
  for (let iteration = 0; iteration < iterations; iteration++) {
    await setImmediate();
    signal?.throwIfAborted();
    const turned = await rowsTimes(x, matrix, dim, products);
    const earlier = weights;
    weights = Float64Array.from({ length: count }, (_, i) => {
      let error = 0;
      for (let j = i * dim; j < (i + 1) * dim; j++) error += (turned[j] - y[j]) ** 2;
      return 1 / ((compat ? earlier[i] : 1) * error + smallestError);
    });
    const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
    for (let i = 0; i < count; i++) weights[i] = (weights[i] / largest) * (compat ? earlier[i] : 1);
    matrix = await procrustes(pairs, products, weights);
  }
  return { matrix, weights };
}
