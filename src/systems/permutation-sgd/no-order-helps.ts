import { Random } from "../../core/index.ts";
import { fitPowerLaw } from "../../linalg/index.ts";
import { summarize } from "./slopes.ts";

/** Derivative of the skewed parabola: 4x left of 0, x right of it. */
function skew(x: number): number {
  return x < 0 ? 4 * x : x;
}

/**
 * One step of SGD on component i of the example on which no order helps, in place:
 * f_i(x) = sum_j [S(x_j) + g_ij x_j] with S' = {@link skew}, g_ii = 1 and g_ij = -1/(n-1) for j != i. The optimum is 0.
 */
function step(from: Float64Array, to: Float64Array, i: number, learningRate: number): void {
  const n = from.length;
  for (let j = 0; j < n; j++) {
    const x = from[j]!;
    to[j] = x - learningRate * (skew(x) + (j === i ? 1 : -1 / (n - 1)));
  }
}

function squaredNorm(x: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += x[j]! * x[j]!;
  return sum;
}

/**
 * The end, among those of all n! orders of one epoch, that is nearest to the optimum. Orders with a common beginning share
 * their first steps: a walk through the tree of orders.
 */
function bestOfAllOrders(start: Float64Array, learningRate: number): Float64Array {
  const n = start.length;
  const path = Array.from({ length: n + 1 }, () => new Float64Array(n));
  path[0]!.set(start);
  let best = start;
  let least = Number.POSITIVE_INFINITY;
  const descend = (depth: number, used: number) => {
    const x = path[depth]!;
    if (depth === n) {
      const error = squaredNorm(x);
      if (error < least) {
        least = error;
        best = x.slice();
      }
      return;
    }
    for (let i = 0; i < n; i++) {
      if (used & (1 << i)) continue;
      step(x, path[depth + 1]!, i, learningRate);
      descend(depth + 1, used | (1 << i));
    }
  };
  descend(0, 0);
  return best;
}

/** How the best and a random order fare on the example, by number of epochs. */
export interface NoOrderHelps {
  readonly n: number;
  readonly epochs: readonly number[];
  /** alpha = contraction / (mu n K) with mu = 1, by number of epochs. */
  readonly learningRate: readonly number[];
  /** Squared distance to the optimum at the end, with the best of all n! orders in every epoch. */
  readonly errors: readonly number[];
  /** The same with random reshuffling: the median over `repeats` runs. */
  readonly randomReshuffling: readonly number[];
  /** Slope of the log error with the best orders on log alpha; 2 means that no order helps. */
  readonly slopeInAlpha: number;
  /** The same for random reshuffling. */
  readonly randomSlopeInAlpha: number;
}

/** Options of {@link runNoOrderHelps}. */
export interface NoOrderHelpsOptions {
  /** Number of components and of dimensions; n! orders are tried. */
  readonly n: number;
  readonly epochs: readonly number[];
  /** mu alpha n K. */
  readonly contraction: number;
  readonly repeats: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * Starts at the optimum and lets the best of all n! orders be chosen in every epoch: the error still grows to about alpha^2,
 * the rate of random reshuffling.
 *
 * @remarks Source: Rajput, Lee and Papailiopoulos (2022), theorem on general strongly convex functions. The example is a
 * smaller one of ours with the same mechanism, n dimensions instead of 2n + 1. The choice is greedy, epoch by epoch: it looks
 * at all orders of an epoch, not at all sequences of them.
 */
export function runNoOrderHelps(options: NoOrderHelpsOptions): NoOrderHelps {
  const { n, epochs, contraction, repeats, seed, signal } = options;
  const learningRate = epochs.map((k) => contraction / (n * k));
  const errors = epochs.map((k, at) => {
    let x: Float64Array = new Float64Array(n);
    for (let epoch = 0; epoch < k; epoch++) {
      signal?.throwIfAborted();
      x = bestOfAllOrders(x, learningRate[at]!);
    }
    return squaredNorm(x);
  });
  const randomReshuffling = epochs.map(
    (k, at) =>
      summarize(Array.from({ length: repeats }, (_, repeat) => randomRun(n, k, learningRate[at]!, seed, repeat)))
        .median,
  );
  return {
    n,
    epochs,
    learningRate,
    errors,
    randomReshuffling,
    slopeInAlpha: fitPowerLaw(learningRate, errors).slope,
    randomSlopeInAlpha: fitPowerLaw(learningRate, randomReshuffling).slope,
  };
}

function randomRun(n: number, epochs: number, learningRate: number, seed: number, repeat: number): number {
  const x = new Float64Array(n);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = new Random(seed, "order-hard", repeat, epoch).permutation(n);
    for (let t = 0; t < n; t++) step(x, x, order[t]!, learningRate);
  }
  return squaredNorm(x);
}
