/** The way of an iterate over a quadratic of two dimensions, step by step. @module */
import { core, optim, permutationSgd } from "../../../browser/index.ts";

/** What is walked on. */
export interface PathOptions {
  readonly size: number;
  /** Even, so that a flip-flop ends where it should. */
  readonly epochs: number;
  readonly seed: number;
}

/** Points [x, y] relative to the optimum, from the start on. */
export interface OrderPath {
  readonly name: optim.OrderName;
  readonly points: readonly (readonly [number, number])[];
  /** Distance of the last iterate to the optimum; the first one's is 1. */
  readonly distance: number;
}

/** Half axes of the ellipses on which the mean is the same: their ratio, and the angle of the longer one. */
export interface Contours {
  readonly ratio: number;
  readonly angle: number;
}

/** Sets the learning rate: mu alpha n K. exp(-contraction) is what remains of the start. */
const contraction = 6;

/** The problem that all orders walk on: the first one of those that the error is measured on. */
export function pathProblem({ size, seed }: PathOptions): permutationSgd.QuadraticProblem {
  const family = { size, dim: 2, condition: 2, spread: 0.5 };
  return permutationSgd.quadraticProblem(family, new core.Random(seed, "order-bench", "problem", 0));
}

/** The path of SGD in an order. */
export function walk(
  problem: permutationSgd.QuadraticProblem,
  name: optim.OrderName,
  { epochs, seed }: PathOptions,
): OrderPath {
  const { size, optimum, start, strongConvexity } = problem;
  const relative = (x: Float64Array) => [x[0]! - optimum[0]!, x[1]! - optimum[1]!] as const;
  const points = [relative(start)];
  const order = optim.createOrder(name, { size, seed });
  const rate = contraction / (strongConvexity * size * epochs);
  const last = permutationSgd.runQuadratic(problem, order, epochs, rate, (x) => points.push(relative(x)));
  return { name, points, distance: Math.hypot(...relative(last)) };
}

/** The ellipses of a problem's mean. */
export function contoursOf({ size, matrices }: permutationSgd.QuadraticProblem): Contours {
  let [a, b, d] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    a += matrices[4 * i]! / size;
    b += matrices[4 * i + 1]! / size;
    d += matrices[4 * i + 3]! / size;
  }
  const root = Math.hypot((a - d) / 2, b);
  const [low, high] = [(a + d) / 2 - root, (a + d) / 2 + root];
  // The longer half axis lies along the eigenvector of the lower eigenvalue.
  return { ratio: Math.sqrt(high / low), angle: Math.atan2(low - a, b === 0 ? Number.MIN_VALUE : b) };
}
