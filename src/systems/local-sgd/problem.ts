/** What is minimised: F = mean over workers m of F^m, and F^m = mean over components i of f_i^m. @module */

/** A finite sum spread over workers, with its gradients. All numbers are float64. */
export interface Problem {
  /** M */
  readonly workers: number;
  /** N, components of each worker. */
  readonly components: number;
  /** Number of weights, d. */
  readonly dim: number;
  /** L, a bound of every component's curvature. */
  readonly smoothness: number;
  /** mu, with 0.5 |grad F|^2 >= mu (F - F*). */
  readonly strongConvexity: number;
  /** F*; undefined where it is not known. */
  readonly optimum?: number;
  /** Where runs begin; float64 [dim]. */
  readonly start: Float64Array;
  /**
   * Subtracts rate times the gradient of f_i^m at `at` from `into`, which may be `at` itself.
   *
   * @param worker - m, from 0
   * @param component - i, from 0
   */
  descend(worker: number, component: number, at: Float64Array, rate: number, into: Float64Array): void;
  /** F(x) */
  objective(x: Float64Array): number;
}

/** The gradient of one component at x, in a new array. */
export function componentGradient(problem: Problem, worker: number, component: number, x: Float64Array): Float64Array {
  const gradient = new Float64Array(problem.dim);
  problem.descend(worker, component, x, -1, gradient);
  return gradient;
}
