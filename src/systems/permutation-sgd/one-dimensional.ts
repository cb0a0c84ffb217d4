import { assert, ConfigError, Random } from "../../core/index.ts";
import { summarize } from "./slopes.ts";

/** A mean of n functions of one variable, each strongly convex with a smooth second derivative. */
export interface OneDimensionalProblem {
  readonly size: number;
  /** f_i'(x) */
  derivative(i: number, x: number): number;
  /** mu of the mean: a lower bound of its second derivative. */
  readonly strongConvexity: number;
  readonly start: number;
}

/**
 * Draws f_i(x) = h_i x^2 / 2 + g_i x + softplus(s_i x) / 2 with h_i uniform in [0.5, 1.5] and g_i, s_i normal; the start lies
 * at distance 1 from the optimum.
 *
 * @param random - the stream drawn from
 */
export function oneDimensionalProblem(size: number, random: Random): OneDimensionalProblem {
  const curvature = Float64Array.from({ length: size }, () => random.uniform(0.5, 1.5));
  const linear = Float64Array.from({ length: size }, () => random.normal());
  const steepness = Float64Array.from({ length: size }, () => random.normal());
  const problem = {
    size,
    derivative: (i: number, x: number) =>
      curvature[i]! * x + linear[i]! + (0.5 * steepness[i]!) / (1 + Math.exp(-steepness[i]! * x)),
    strongConvexity: curvature.reduce((sum, h) => sum + h, 0) / size,
    start: 0,
  };
  return { ...problem, start: findOptimum(problem) + 1 };
}

/**
 * The minimum of the mean, to the last bit that its derivative tells: bisection between a bracket grown from `problem.start`.
 */
export function findOptimum(problem: OneDimensionalProblem): number {
  const slope = (x: number) => {
    let sum = 0;
    for (let i = 0; i < problem.size; i++) sum += problem.derivative(i, x);
    return sum;
  };
  let reach = 1;
  while (slope(problem.start - reach) > 0 || slope(problem.start + reach) < 0) {
    reach *= 2;
    assert(Number.isFinite(reach), "the mean of the components has a minimum");
  }
  let low = problem.start - reach;
  let high = problem.start + reach;
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    if (slope(middle) > 0) high = middle;
    else low = middle;
  }
}

/** Where one epoch in the given order ends. */
function endOfEpoch(problem: OneDimensionalProblem, start: number, order: Int32Array, learningRate: number): number {
  let x = start;
  for (let t = 0; t < order.length; t++) x -= learningRate * problem.derivative(order[t]!, x);
  return x;
}

/** An epoch that `bestEpoch` chose. */
export interface ChosenEpoch {
  readonly learningRate: number;
  readonly permutation: Int32Array;
  /** Distance to the optimum after the epoch. */
  readonly error: number;
  readonly end: number;
}

/**
 * The order, on the path of adjacent swaps from `sorted` to its reverse (bubble sort), whose epoch ends nearest to `optimum`.
 *
 * @param sorted - the components by their derivative at the optimum, ascending
 */
function bestOnPath(
  problem: OneDimensionalProblem,
  start: number,
  optimum: number,
  sorted: Int32Array,
  learningRate: number,
): ChosenEpoch {
  const order = sorted.slice();
  const measure = (): ChosenEpoch => {
    const end = endOfEpoch(problem, start, order, learningRate);
    return { learningRate, permutation: order.slice(), error: Math.abs(end - optimum), end };
  };
  let best = measure();
  for (let round = order.length - 1; round > 0; round--) {
    for (let j = 0; j < round; j++) {
      [order[j], order[j + 1]] = [order[j + 1]!, order[j]!];
      if (Math.abs(endOfEpoch(problem, start, order, learningRate) - optimum) < best.error) best = measure();
    }
  }
  return best;
}

/** Ratio of neighbours on the grid of learning rates, and its ends. */
const learningRateGrid = { ratio: 1.05, from: 1e-18, to: 1 };

/**
 * The smallest learning rate at which the epochs in ascending and in descending order end on different sides of the optimum,
 * so that an order between them ends near it.
 */
function crossingLearningRate(
  problem: OneDimensionalProblem,
  start: number,
  optimum: number,
  sorted: Int32Array,
): number {
  const reversed = sorted.toReversed();
  const { ratio, from, to } = learningRateGrid;
  for (let learningRate = from; learningRate < to; learningRate *= ratio) {
    const up = endOfEpoch(problem, start, sorted, learningRate) - optimum;
    const down = endOfEpoch(problem, start, reversed, learningRate) - optimum;
    if (up * down <= 0) return learningRate;
  }
  throw new ConfigError({
    where: "order optimal",
    expected: "components whose derivatives at the optimum differ, so that their order matters",
    found: `no learning rate below ${to} at which the order decides on which side of the optimum an epoch ends`,
    hint: "take at least two different components",
  });
}

/** How {@link runOptimalPermutations} went. */
export interface OptimalRun {
  readonly optimum: number;
  /** The epochs, until `epochs` are done or the iterate is the optimum up to rounding. */
  readonly chosen: readonly ChosenEpoch[];
}

/**
 * Permutations that converge exponentially on one-dimensional problems: each epoch takes the smallest learning rate that lets
 * the order decide on which side of the optimum it ends, and the order on the bubble-sort path that ends nearest to it.
 *
 * @param options - `learningRate`: keep it constant instead of shrinking it; the error then stalls near its square
 * @remarks Source: Rajput, Lee and Papailiopoulos (2022), Theorem 1 (existence). The construction is ours, after the idea of
 * the proof; it looks at the optimum (an oracle) and shrinks the learning rate: it shows what an order can do, it is no way to
 * find an unknown optimum.
 */
export function runOptimalPermutations(
  problem: OneDimensionalProblem,
  options: { epochs: number; learningRate?: number },
): OptimalRun {
  const optimum = findOptimum(problem);
  const derivatives = Float64Array.from({ length: problem.size }, (_, i) => problem.derivative(i, optimum));
  const sorted = Int32Array.from({ length: problem.size }, (_, i) => i).sort(
    (a, b) => derivatives[a]! - derivatives[b]!,
  );
  const rounding = 4 * Number.EPSILON * Math.max(1, Math.abs(optimum));
  const chosen: ChosenEpoch[] = [];
  let x = problem.start;
  while (chosen.length < options.epochs && Math.abs(x - optimum) > rounding) {
    const learningRate = options.learningRate ?? crossingLearningRate(problem, x, optimum, sorted);
    const epoch = bestOnPath(problem, x, optimum, sorted, learningRate);
    chosen.push(epoch);
    x = epoch.end;
  }
  return { optimum, chosen };
}

/**
 * The distance to the optimum after each epoch of random reshuffling: the median over `repeats` runs.
 *
 * @remarks The learning rate is 2 log(n K) / (mu n K), the theory's choice for K epochs.
 */
export function runRandomReshuffling(
  problem: OneDimensionalProblem,
  options: { epochs: number; seed: number; repeats: number },
): { learningRate: number; errors: number[] } {
  const { epochs, seed, repeats } = options;
  const steps = problem.size * epochs;
  const learningRate = (2 * Math.log(steps)) / (problem.strongConvexity * steps);
  const optimum = findOptimum(problem);
  const runs = Array.from({ length: repeats }, (_, repeat) => {
    let x = problem.start;
    return Array.from({ length: epochs }, (_, epoch) => {
      const order = new Random(seed, "order-optimal", "rr", repeat, epoch).permutation(problem.size);
      x = endOfEpoch(problem, x, order, learningRate);
      return Math.abs(x - optimum);
    });
  });
  return {
    learningRate,
    errors: Array.from({ length: epochs }, (_, epoch) => summarize(runs.map((run) => run[epoch]!)).median),
  };
}
