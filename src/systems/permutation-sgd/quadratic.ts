import { DivergenceError, type Random } from "../../core/index.ts";
import { randomOrthogonal, solve, symmetricEigenvalues } from "../../linalg/index.ts";
import type { Order } from "../../optim/index.ts";

/** A mean of n quadratics f_i(x) = x'A_i x / 2 - b_i'x with a known minimum. Arrays are row by row, float64. */
export interface QuadraticProblem {
  /** Number of components, n. */
  readonly size: number;
  readonly dim: number;
  /** A_i, [n, dim, dim]; each symmetric and positive definite. */
  readonly matrices: Float64Array;
  /** b_i, [n, dim]. */
  readonly offsets: Float64Array;
  /** x*, the minimum of the mean, [dim]. */
  readonly optimum: Float64Array;
  /** Where every run starts, [dim]. */
  readonly start: Float64Array;
  /** mu: the least eigenvalue of the mean of A_i. */
  readonly strongConvexity: number;
  /** The largest eigenvalue of the mean of A_i. */
  readonly meanSmoothness: number;
  /** L: no A_i has a larger eigenvalue. */
  readonly smoothness: number;
  /**
   * Squared distance per squared learning rate that no order can avoid: the explicit steps' own bias,
   * |mean(A)^-1 mean(A_i grad f_i(x*)) / 2|^2. Times alpha^2 it is the paper's term 1/(n^2 K^2).
   */
  readonly selfTerm: number;
}

/** What {@link quadraticProblem} draws. */
export interface QuadraticFamily {
  readonly size: number;
  readonly dim: number;
  /** Largest over least eigenvalue of the expected Hessian; at least 1. */
  readonly condition: number;
  /** How far the components' curvatures differ: eigenvalues relative to the expected Hessian's lie in [1 - spread, 1 + spread]. */
  readonly spread: number;
}

/**
 * Draws a random strongly convex quadratic problem whose components are sorted, so that visiting them in the order in which
 * they lie (IGD) is really bad.
 *
 * @param random - the stream drawn from
 * @remarks
 * A_i = H (I + spread rho_i (I - 2 u_i u_i')) H with H^2 the expected Hessian, whose eigenvalues run geometrically from 1 to
 * `condition` along random axes, u_i a random direction and rho_i uniform in [-1, 1]. Gradients at the optimum are normal,
 * centred so that their sum is zero, and the components are sorted by the first coordinate of theirs. The start lies at
 * distance 1 from the optimum in a random direction. Random orders see the same problem: to them the sorting is nothing.
 */
export function quadraticProblem(family: QuadraticFamily, random: Random): QuadraticProblem {
  const { size, dim, condition, spread } = family;
  const root = rootOfHessian(dim, condition, random);
  const optimum = Float64Array.from({ length: dim }, () => random.normal());
  const gradients = sortedGradients(size, dim, random);
  const matrices = new Float64Array(size * dim * dim);
  for (let i = 0; i < size; i++) {
    const matrix = matrices.subarray(i * dim * dim, (i + 1) * dim * dim);
    fillComponent(matrix, root, spread * random.uniform(-1, 1), randomDirection(dim, random));
  }
  const direction = randomDirection(dim, random);
  const start = optimum.map((value, j) => value + direction[j]!);
  const smoothness = (1 + spread) * (dim === 1 ? 1 : condition);
  return quadraticFromOptimum({ size, dim, matrices, gradients, optimum, start, smoothness });
}

/**
 * The quadratic problem whose components have curvature A_i and gradient g_i at the optimum x*, so that b_i = A_i x* - g_i.
 *
 * @param parts - `gradients`: g_i, [n, dim], which must sum to zero for x* to be the optimum
 */
export function quadraticFromOptimum(
  parts: Pick<QuadraticProblem, "size" | "dim" | "matrices" | "optimum" | "start" | "smoothness"> & {
    readonly gradients: Float64Array;
  },
): QuadraticProblem {
  const { gradients, ...problem } = parts;
  const { size, dim, matrices, optimum } = problem;
  const offsets = new Float64Array(size * dim);
  const mean = new Float64Array(dim * dim);
  const product = new Float64Array(dim);
  for (let i = 0; i < size; i++) {
    for (let r = 0; r < dim; r++) {
      let offset = -gradients[i * dim + r]!;
      for (let c = 0; c < dim; c++) {
        const entry = matrices[(i * dim + r) * dim + c]!;
        offset += entry * optimum[c]!;
        mean[r * dim + c]! += entry / size;
        product[r]! += (entry * gradients[i * dim + c]!) / size;
      }
      offsets[i * dim + r] = offset;
    }
  }
  const eigenvalues = symmetricEigenvalues(mean, dim);
  return {
    ...problem,
    offsets,
    strongConvexity: eigenvalues[0]!,
    meanSmoothness: eigenvalues[dim - 1]!,
    selfTerm: solve(mean, product).reduce((sum, value) => sum + (value / 2) ** 2, 0),
  };
}

/** The symmetric square root of a matrix with eigenvalues 1 … condition along random axes. */
function rootOfHessian(dim: number, condition: number, random: Random): Float64Array {
  const axes = randomOrthogonal(random, dim);
  const root = new Float64Array(dim * dim);
  for (let k = 0; k < dim; k++) {
    const eigenvalue = Math.sqrt(condition ** (dim === 1 ? 0 : k / (dim - 1)));
    for (let r = 0; r < dim; r++) {
      for (let c = 0; c < dim; c++) root[r * dim + c]! += axes[k * dim + r]! * eigenvalue * axes[k * dim + c]!;
    }
  }
  return root;
}

function randomDirection(dim: number, random: Random): Float64Array {
  const direction = Float64Array.from({ length: dim }, () => random.normal());
  const norm = Math.hypot(...direction);
  return direction.map((value) => value / norm);
}

/** Normal vectors [size, dim] with sum zero, sorted by their first coordinate. */
function sortedGradients(size: number, dim: number, random: Random): Float64Array {
  const rows = Array.from({ length: size }, () => Float64Array.from({ length: dim }, () => random.normal()));
  rows.sort((a, b) => a[0]! - b[0]!);
  const gradients = new Float64Array(size * dim);
  for (let j = 0; j < dim; j++) {
    const mean = rows.reduce((sum, row) => sum + row[j]!, 0) / size;
    for (let i = 0; i < size; i++) gradients[i * dim + j] = rows[i]![j]! - mean;
  }
  return gradients;
}

/** H (I + scale (I - 2 u u')) H = (1 + scale) H H - 2 scale (H u)(H u)'. */
function fillComponent(out: Float64Array, root: Float64Array, scale: number, u: Float64Array): void {
  const dim = u.length;
  const hu = u.map((_, r) => u.reduce((sum, value, c) => sum + root[r * dim + c]! * value, 0));
  for (let r = 0; r < dim; r++) {
    for (let c = 0; c < dim; c++) {
      let square = 0;
      for (let k = 0; k < dim; k++) square += root[r * dim + k]! * root[k * dim + c]!;
      out[r * dim + c] = (1 + scale) * square - 2 * scale * hu[r]! * hu[c]!;
    }
  }
}

/** |x - optimum|^2 */
export function squaredDistance(x: Float64Array, optimum: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += (x[j]! - optimum[j]!) ** 2;
  return sum;
}

/**
 * SGD over the components in the given order with one constant learning rate.
 *
 * @param order - of `problem.size` examples; driven `epochs` epochs further
 * @param visit - called with the iterate after every step; it is the same array each time
 * @returns float64[dim], the last iterate
 * @throws {DivergenceError} naming the epoch in which the iterate left the numbers
 * @remarks Source: Rajput, Lee and Papailiopoulos (2022), Permutation-Based SGD:
 * x <- x - alpha (A_i x - b_i), i = sigma_k(1) … sigma_k(n), k = 1 … K.
 */
export function runQuadratic(
  problem: QuadraticProblem,
  order: Order,
  epochs: number,
  learningRate: number,
  visit?: (iterate: Float64Array) => void,
): Float64Array {
  const { size, dim, matrices, offsets } = problem;
  const x = problem.start.slice();
  const gradient = new Float64Array(dim);
  const observed = order.needsGradients;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const permutation = order.permutation();
    for (let t = 0; t < size; t++) {
      const i = permutation[t]!;
      let at = i * dim * dim;
      for (let r = 0; r < dim; r++) {
        let value = -offsets[i * dim + r]!;
        for (let c = 0; c < dim; c++) value += matrices[at++]! * x[c]!;
        gradient[r] = value;
      }
      if (observed) order.observe(t, gradient);
      for (let r = 0; r < dim; r++) x[r]! -= learningRate * gradient[r]!;
      visit?.(x);
    }
    const distance = squaredDistance(x, problem.optimum);
    if (!(distance < divergedAt)) throw diverged(epoch, distance, learningRate, problem);
    order.endEpoch();
  }
  return x;
}

/** Squared distance, starting from 1, at which a run has diverged. */
const divergedAt = 1e16;

function diverged(epoch: number, distance: number, learningRate: number, problem: QuadraticProblem): DivergenceError {
  return new DivergenceError({
    where: `order bench, epoch ${epoch}`,
    expected: `iterates that stay near the optimum (learning rate times curvature ${(learningRate * problem.smoothness).toPrecision(3)}, stable below 2)`,
    found: `a squared distance of ${distance.toPrecision(3)}`,
    hint: "take more epochs or more components, or a lower --contraction",
  });
}

/** The squared distance to the optimum after a run; see {@link runQuadratic}. */
export function quadraticError(problem: QuadraticProblem, order: Order, epochs: number, learningRate: number): number {
  return squaredDistance(runQuadratic(problem, order, epochs, learningRate), problem.optimum);
}
