import { setImmediate } from "node:timers/promises";
import { Random, type WorkHooks } from "../../core/index.ts";
import { createOrder, type Order, type OrderName } from "../../optim/index.ts";
import type { LogisticConfig } from "./config.ts";
import {
  type LogisticProblem,
  logisticEpoch,
  logisticError,
  logisticObjective,
  logisticOptimum,
  logisticSmoothness,
} from "./logistic.ts";
import type { LogisticData } from "./logistic-data.ts";
import { summarize } from "./slopes.ts";

/** How an order fared on a logistic regression, epoch by epoch. */
export interface LogisticRates {
  readonly name: OrderName;
  /** Of the learning rates tried, the one that this order ends lowest with. */
  readonly learningRate: number;
  /** F(x_k) - F*, after each epoch: the median over the repeats. */
  readonly suboptimality: readonly number[];
  /** Share of test examples on the wrong side, in [0, 1], after each epoch: the median over the repeats. */
  readonly testError: readonly number[];
  /** What the order keeps in memory, its current permutation included. */
  readonly bytes: number;
  /** Mean seconds an epoch in gradients and steps. */
  readonly gradientSeconds: number;
  /** Mean seconds an epoch in making the order and showing it gradients. */
  readonly orderSeconds: number;
}

/** What {@link benchLogistic} measures. */
export interface LogisticBench {
  readonly task: "logistic";
  readonly data: string;
  readonly sha256: string;
  readonly test: string;
  /** Number of test examples. */
  readonly testSize: number;
  readonly classes: readonly [negative: string, positive: string];
  readonly n: number;
  /** Weights, the intercept included. */
  readonly d: number;
  readonly nonzeros: number;
  readonly epochs: number;
  readonly repeats: number;
  readonly seed: number;
  readonly l2: number;
  readonly learningRates: readonly number[];
  readonly optimum: { readonly objective: number; readonly gradientNorm: number; readonly testError: number };
  /** Why the slopes of quadratics are not to be read off these numbers. */
  readonly warning: string;
  readonly orders: readonly LogisticRates[];
}

/** The badge on every report of a problem that is not quadratic. */
export const notQuadratic = "not quadratic: the quadratic rates are not claimed here";

/**
 * Runs every order on a logistic regression at equal gradient budget: one example's gradient a step, the same constant
 * learning rates for all, of which each order's best counts.
 *
 * @throws {DivergenceError} where the learning rate is too large, naming the epoch
 */
export async function benchLogistic(
  data: LogisticData,
  config: Pick<LogisticConfig, "orders" | "epochs" | "repeats" | "learningRates">,
  seed: number,
  hooks: WorkHooks = {},
): Promise<LogisticBench> {
  const { train, test } = data;
  const { orders, epochs, repeats } = config;
  const optimum = logisticOptimum(train);
  const learningRates = config.learningRates ?? [0.1 / logisticSmoothness(train)];
  const total = orders.length * learningRates.length * repeats * epochs;
  let done = 0;
  const measure = async (name: OrderName, learningRate: number): Promise<LogisticRates> => {
    const runs: Run[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const orderSeed = new Random(seed, "order-bench", "order", repeat).bits();
      const run = new Run(train, createOrder(name, { size: train.size, seed: orderSeed }));
      for (let epoch = 0; epoch < epochs; epoch++) {
        await setImmediate();
        hooks.signal?.throwIfAborted();
        run.epoch(learningRate, test, optimum.objective);
        done += 1;
        hooks.progress?.(done / total);
      }
      runs.push(run);
    }
    return ratesOf(name, learningRate, runs, epochs);
  };
  const rates: LogisticRates[] = [];
  for (const name of orders) {
    const tried: LogisticRates[] = [];
    for (const learningRate of learningRates) tried.push(await measure(name, learningRate));
    rates.push(tried.reduce((best, next) => (finalOf(next) < finalOf(best) ? next : best)));
  }
  return {
    task: "logistic",
    data: data.name,
    sha256: data.sha256,
    test: data.testName,
    testSize: test.size,
    classes: data.classes,
    n: train.size,
    d: train.dim,
    nonzeros: train.values.length,
    epochs,
    repeats,
    seed,
    l2: train.l2,
    learningRates,
    optimum: {
      objective: optimum.objective,
      gradientNorm: optimum.gradientNorm,
      testError: logisticError(test, optimum.x),
    },
    warning: notQuadratic,
    orders: rates,
  };
}

/** One training run and what was measured along it. */
class Run {
  readonly suboptimality: number[] = [];
  readonly testError: number[] = [];
  gradientSeconds = 0;
  orderSeconds = 0;
  readonly order: Order;
  readonly #problem: LogisticProblem;
  readonly #x: Float64Array;

  constructor(problem: LogisticProblem, order: Order) {
    this.#problem = problem;
    this.order = order;
    this.#x = new Float64Array(problem.dim);
  }

  /**
   * One epoch. Where the order looks at gradients, the same steps are taken a second time from the same weights without
   * showing them: the difference in time is the order's.
   */
  epoch(learningRate: number, test: LogisticProblem, least: number): void {
    const { order } = this;
    const before = this.#x.slice();
    let seconds = timed(() => order.permutation());
    const epochSeconds = timed(() => logisticEpoch(this.#problem, order, this.#x, learningRate));
    let gradientSeconds = epochSeconds;
    if (order.needsGradients) {
      gradientSeconds = timed(() => logisticEpoch(this.#problem, order, before, learningRate, false));
      seconds += Math.max(0, epochSeconds - gradientSeconds);
    }
    seconds += timed(() => order.endEpoch());
    this.gradientSeconds += gradientSeconds;
    this.orderSeconds += seconds;
    this.suboptimality.push(logisticObjective(this.#problem, this.#x) - least);
    this.testError.push(logisticError(test, this.#x));
  }
}

function finalOf({ suboptimality }: LogisticRates): number {
  return suboptimality.at(-1)!;
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

/** Bytes of an order's arrays; a scheduled order keeps only the current permutation. */
export function orderBytes(order: Order): number {
  const arrays = Object.values(order.state().arrays).reduce((sum, array) => sum + array.byteLength, 0);
  return arrays > 0 ? arrays : order.permutation().byteLength;
}

function ratesOf(name: OrderName, learningRate: number, runs: readonly Run[], epochs: number): LogisticRates {
  const medians = (values: (run: Run) => readonly number[]) =>
    Array.from({ length: epochs }, (_, epoch) => summarize(runs.map((run) => values(run)[epoch]!)).median);
  const mean = (value: (run: Run) => number) => runs.reduce((sum, run) => sum + value(run), 0) / runs.length / epochs;
  return {
    name,
    learningRate,
    suboptimality: medians((run) => run.suboptimality),
    testError: medians((run) => run.testError),
    bytes: orderBytes(runs[0]!.order),
    gradientSeconds: mean((run) => run.gradientSeconds),
    orderSeconds: mean((run) => run.orderSeconds),
  };
}
