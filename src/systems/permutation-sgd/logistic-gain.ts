import { setImmediate } from "node:timers/promises";
import { Random, type WorkHooks } from "../../core/index.ts";
import { fitPowerLaw } from "../../linalg/index.ts";
import { createOrder, type OrderName } from "../../optim/index.ts";
import { type LogisticProblem, logisticEpoch, logisticOptimum } from "./logistic.ts";
import { quadraticError, squaredDistance } from "./quadratic.ts";
import { quadraticModel } from "./quadratic-model.ts";
import { summarize } from "./slopes.ts";

/** Random reshuffling with and without FlipFlop, by number of epochs. */
export interface FlipFlopGain {
  /** Median squared distance to the optimum. */
  readonly rr: readonly number[];
  readonly flipFlop: readonly number[];
  /** rr / flipFlop */
  readonly gain: readonly number[];
  /** Slope of log `flipFlop` on log epochs, over all points: the floor is what is looked for. */
  readonly slope: number;
}

/**
 * What FlipFlop gains on a logistic regression, and on the second-order model of the same problem, which tells apart the two
 * reasons why it may gain less than on random quadratics: a loss that is not quadratic, or data on which the
 * permutation-independent term 1/(n^2 K^2) is large.
 *
 * @param epochs - even numbers K, each a run of its own at the learning rate 14 / (l2 n K)
 */
export async function measureFlipFlopGain(
  problem: LogisticProblem,
  epochs: readonly number[],
  repeats: number,
  seed: number,
  hooks: WorkHooks = {},
): Promise<{ logistic: FlipFlopGain; quadratic: FlipFlopGain; floor: number[] }> {
  const { x: optimum } = logisticOptimum(problem);
  const model = quadraticModel(problem, optimum);
  const rateOf = (k: number) => 14 / (problem.l2 * problem.size * k);
  const logisticErrorAfter = (name: OrderName, orderSeed: number, k: number) => {
    const order = createOrder(name, { size: problem.size, seed: orderSeed });
    const x = new Float64Array(problem.dim);
    for (let epoch = 0; epoch < k; epoch++) {
      logisticEpoch(problem, order, x, rateOf(k));
      order.endEpoch();
    }
    return squaredDistance(x, optimum);
  };
  const names = ["rr", "ff-rr"] as const;
  const medians = { logistic: [[], []] as number[][], quadratic: [[], []] as number[][] };
  for (const [at, k] of epochs.entries()) {
    for (const [which, name] of names.entries()) {
      const logistic: number[] = [];
      const quadratic: number[] = [];
      for (let repeat = 0; repeat < repeats; repeat++) {
        await setImmediate();
        hooks.signal?.throwIfAborted();
        const orderSeed = new Random(seed, "flip-flop-gain", repeat).bits();
        logistic.push(logisticErrorAfter(name, orderSeed, k));
        quadratic.push(quadraticError(model, createOrder(name, { size: model.size, seed: orderSeed }), k, rateOf(k)));
      }
      medians.logistic[which]!.push(summarize(logistic).median);
      medians.quadratic[which]!.push(summarize(quadratic).median);
      hooks.progress?.((at + (which + 1) / names.length) / epochs.length);
    }
  }
  const gainOf = ([rr, flipFlop]: number[][]): FlipFlopGain => ({
    rr: rr!,
    flipFlop: flipFlop!,
    gain: rr!.map((error, k) => error / flipFlop![k]!),
    slope: fitPowerLaw(epochs, flipFlop!).slope,
  });
  return {
    logistic: gainOf(medians.logistic),
    quadratic: gainOf(medians.quadratic),
    floor: epochs.map((k) => rateOf(k) ** 2 * model.selfTerm),
  };
}
