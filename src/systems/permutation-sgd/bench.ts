import { nextTurn, Random, type WorkHooks } from "../../core/index.ts";
import { fitPowerLaw } from "../../linalg/index.ts";
import { createOrder, type OrderName } from "../../optim/index.ts";
import type { QuadraticConfig } from "./config.ts";
import { type QuadraticProblem, quadraticError, quadraticProblem } from "./quadratic.ts";
import { bootstrapSlope, summarize } from "./slopes.ts";

/** How an order fared, by number of epochs. */
export interface OrderRates {
  readonly name: OrderName;
  /** Median over all runs of the squared distance of the last iterate to the optimum. */
  readonly medianError: readonly number[];
  readonly quartiles: readonly (readonly [low: number, high: number])[];
  /** Slope of log median error on log epochs over `fittedEpochs`; null where fewer than two points are above the floor. */
  readonly slope: number | null;
  /** 95% bootstrap interval of the slope. */
  readonly slopeCi: readonly [low: number, high: number] | null;
  /** The epochs whose points lie above the floor, which the slope is fitted through. */
  readonly fittedEpochs: readonly number[];
}

/** What {@link benchQuadratic} measures. */
export interface QuadraticBench {
  readonly task: "quadratic";
  readonly n: number;
  readonly d: number;
  readonly epochs: readonly number[];
  /** Random problems drawn. */
  readonly repeats: number;
  /** Runs on each problem of the orders that are drawn anew every epoch. */
  readonly draws: number;
  readonly seed: number;
  /** mu alpha n K, the same for every number of epochs. */
  readonly contraction: number;
  readonly condition: number;
  readonly spread: number;
  /** Median learning rate alpha, by number of epochs. */
  readonly learningRate: readonly number[];
  /** Whether alpha times every component's curvature stays below 2, by number of epochs. */
  readonly stable: readonly boolean[];
  /** Whether alpha n times the mean's curvature is at most 1 (to 10%), where the theory's expansion of an epoch holds. */
  readonly largeEpochs: readonly boolean[];
  /** Median error that no order can get below: the term 1/(n^2 K^2) and what is left of the start. */
  readonly floor: readonly number[];
  readonly orders: readonly OrderRates[];
}

/** Points closer to the floor than this factor are left out of a fit: there the floor would flatten the slope. */
const floorMargin = 10;

/**
 * Measures how fast each order converges on random quadratics: `repeats` problems are drawn, and every order runs on each of
 * them for every number of epochs, all at the same number of gradients an epoch and the same learning rate. Orders that are
 * drawn anew every epoch run `draws` times, as their last iterate varies most.
 *
 * @returns medians over all runs and the slope of each order on log-log axes
 * @throws {DivergenceError} where the learning rate is too large for the problem
 * @remarks Source: Rajput, Lee and Papailiopoulos (2022), experiment on quadratics. Deviation: the learning rate is
 * contraction / (mu n K) without a factor log(nK), which would flatten the slopes by 5 to 10%.
 */
export async function benchQuadratic(
  config: QuadraticConfig,
  seed: number,
  hooks: WorkHooks = {},
): Promise<QuadraticBench> {
  const { n, d, epochs, orders, repeats, draws, contraction, condition, spread } = config;
  const problems = Array.from({ length: repeats }, (_, repeat) =>
    quadraticProblem({ size: n, dim: d, condition, spread }, new Random(seed, "order-bench", "problem", repeat)),
  );
  const rateOf = (problem: QuadraticProblem, k: number) => contraction / (problem.strongConvexity * n * k);
  const medianOver = (value: (problem: QuadraticProblem) => number) => summarize(problems.map(value)).median;
  const floor = epochs.map((k) => medianOver((p) => rateOf(p, k) ** 2 * p.selfTerm + Math.exp(-2 * contraction)));
  const rates: OrderRates[] = [];
  for (const [at, name] of orders.entries()) {
    const runs: number[][][] = [];
    for (const [repeat, problem] of problems.entries()) {
      await nextTurn();
      hooks.signal?.throwIfAborted();
      const drawn = Array.from({ length: isRedrawn(name) ? draws : 1 }, (_, draw) => {
        const orderSeed = new Random(seed, "order-bench", "order", repeat, draw).bits();
        const error = (k: number) =>
          quadraticError(problem, createOrder(name, { size: n, seed: orderSeed }), k, rateOf(problem, k));
        return epochs.map(error);
      });
      runs.push(drawn);
      hooks.progress?.((at + (repeat + 1) / repeats) / orders.length);
    }
    rates.push(ratesOf(name, epochs, runs, floor, new Random(seed, "order-bench", "bootstrap", name)));
  }
  return {
    task: "quadratic",
    n,
    d,
    epochs,
    repeats,
    draws,
    seed,
    contraction,
    condition,
    spread,
    learningRate: epochs.map((k) => medianOver((p) => rateOf(p, k))),
    stable: epochs.map((k) => problems.every((p) => rateOf(p, k) * p.smoothness < 2)),
    largeEpochs: epochs.map((k) => medianOver((p) => rateOf(p, k) * n * p.meanSmoothness) <= 1.1),
    floor,
    orders: rates,
  };
}

/** Whether the order's permutations are new in every epoch, so that its last iterate varies a lot between runs. */
function isRedrawn(name: OrderName): boolean {
  return name === "rr" || name === "ff-rr";
}

/** @param runs - errors by problem, by run on it, by number of epochs */
function ratesOf(
  name: OrderName,
  epochs: readonly number[],
  runs: readonly (readonly (readonly number[])[])[],
  floor: readonly number[],
  random: Random,
): OrderRates {
  const summaries = epochs.map((_, k) => summarize(runs.flat().map((run) => run[k]!)));
  const medianError = summaries.map(({ median }) => median);
  const above = epochs.map((_, k) => k).filter((k) => medianError[k]! > floorMargin * floor[k]!);
  const pick = <T>(values: readonly T[]) => above.map((k) => values[k]!);
  const fittedEpochs = pick(epochs);
  const fits = new Set(fittedEpochs).size >= 2;
  return {
    name,
    medianError,
    quartiles: summaries.map(({ quartiles }) => quartiles),
    slope: fits ? fitPowerLaw(fittedEpochs, pick(medianError)).slope : null,
    slopeCi: fits
      ? bootstrapSlope(
          fittedEpochs,
          runs.map((drawn) => drawn.map(pick)),
          random,
        )
      : null,
    fittedEpochs,
  };
}
