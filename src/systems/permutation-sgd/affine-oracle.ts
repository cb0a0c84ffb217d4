import { assert } from "../../core/index.ts";
import type { Order } from "../../optim/index.ts";
import { type QuadraticProblem, runQuadratic } from "./quadratic.ts";

/** x -> matrix x + offset; the matrix [dim, dim] row by row. */
export interface AffineMap {
  readonly matrix: Float64Array;
  readonly offset: Float64Array;
}

/**
 * What one epoch of SGD does to an iterate, exactly: the product of the steps x -> (I - alpha A_i) x + alpha b_i.
 *
 * @param permutation - the epoch's order
 * @remarks An independent route to {@link runQuadratic}'s result: it multiplies matrices and never sees an iterate.
 */
export function epochMap(problem: QuadraticProblem, permutation: ArrayLike<number>, learningRate: number): AffineMap {
  const { size, dim, matrices, offsets } = problem;
  assert(permutation.length === size, "a permutation of every component");
  let map: AffineMap = { matrix: identity(dim), offset: new Float64Array(dim) };
  for (let t = 0; t < size; t++) {
    const i = permutation[t]!;
    const curvature = matrices.subarray(i * dim * dim, (i + 1) * dim * dim);
    const step: AffineMap = {
      matrix: identity(dim).map((value, at) => value - learningRate * curvature[at]!),
      offset: offsets.slice(i * dim, (i + 1) * dim).map((value) => learningRate * value),
    };
    map = compose(step, map);
  }
  return map;
}

/** The map that applies `first` and then `second`. */
export function compose(second: AffineMap, first: AffineMap): AffineMap {
  const dim = first.offset.length;
  const matrix = new Float64Array(dim * dim);
  for (let r = 0; r < dim; r++) {
    for (let k = 0; k < dim; k++) {
      const factor = second.matrix[r * dim + k]!;
      for (let c = 0; c < dim; c++) matrix[r * dim + c]! += factor * first.matrix[k * dim + c]!;
    }
  }
  return { matrix, offset: applyMap(second, first.offset) };
}

/** matrix x + offset */
export function applyMap(map: AffineMap, x: Float64Array): Float64Array {
  const dim = x.length;
  return map.offset.map((value, r) => x.reduce((sum, entry, c) => sum + map.matrix[r * dim + c]! * entry, value));
}

function identity(dim: number): Float64Array {
  return Float64Array.from({ length: dim * dim }, (_, at) => (at % (dim + 1) === 0 ? 1 : 0));
}

/**
 * The largest difference, over the coordinates, between the last iterate of {@link runQuadratic} and the product of the
 * epochs' maps.
 *
 * @param order - driven `epochs` epochs further; its permutations are recorded
 */
export function affineOracleError(
  problem: QuadraticProblem,
  order: Order,
  epochs: number,
  learningRate: number,
): number {
  const permutations: Int32Array[] = [];
  const recording: Order = {
    name: order.name,
    size: order.size,
    needsGradients: order.needsGradients,
    get epoch() {
      return order.epoch;
    },
    permutation: () => order.permutation(),
    observe: (position, gradient) => order.observe(position, gradient),
    endEpoch() {
      permutations.push(order.permutation().slice());
      order.endEpoch();
    },
    state: () => order.state(),
  };
  const found = runQuadratic(problem, recording, epochs, learningRate);
  const expected = permutations
    .map((permutation) => epochMap(problem, permutation, learningRate))
    .reduce((x, map) => applyMap(map, x), problem.start);
  return found.reduce((most, value, j) => Math.max(most, Math.abs(value - expected[j]!)), 0);
}
