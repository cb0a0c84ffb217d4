/** In which order to visit the examples: what permutations do to SGD, measured. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerOrder } from "./command.ts";

/** The affine map of one epoch on quadratics, and the exact last iterate it gives. */
export { type AffineMap, affineOracleError, applyMap, compose, epochMap } from "./affine-oracle.ts";
/** Rates of convergence on random quadratics, by order. */
export { benchQuadratic, type OrderRates, type QuadraticBench } from "./bench.ts";
/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
export {
  /** Options of `tenfold order export`. */
  exportSchema,
  /** Options of `tenfold order hard`. */
  hardSchema,
  /** Options of `tenfold order bench --task logistic`. */
  type LogisticConfig,
  logisticSchema,
  /** Options of `tenfold order optimal`. */
  optimalSchema,
  /** Options of `tenfold order bench --task quadratic`. */
  type QuadraticConfig,
  quadraticSchema,
} from "./config.ts";
/** Logistic regression: objective, optimum, and an epoch of SGD in a given order. */
export {
  type LogisticOptimum,
  type LogisticProblem,
  logisticEpoch,
  logisticError,
  logisticGradient,
  logisticObjective,
  logisticOptimum,
  logisticSmoothness,
} from "./logistic.ts";
/** Orders compared on a logistic regression at equal gradient budget. */
export { benchLogistic, type LogisticBench, type LogisticRates, notQuadratic, orderBytes } from "./logistic-bench.ts";
/** A binary task from a dataset. */
export { type LogisticData, logisticData } from "./logistic-data.ts";
/** What FlipFlop gains on a logistic regression and on its second-order model. */
export { type FlipFlopGain, measureFlipFlopGain } from "./logistic-gain.ts";
/** The example on which no order helps. */
export { type NoOrderHelps, type NoOrderHelpsOptions, runNoOrderHelps } from "./no-order-helps.ts";
/** One dimension: permutations that converge exponentially. */
export {
  type ChosenEpoch,
  findOptimum,
  type OneDimensionalProblem,
  type OptimalRun,
  oneDimensionalProblem,
  runOptimalPermutations,
  runRandomReshuffling,
} from "./one-dimensional.ts";
/** Random quadratics, and SGD on them. */
export {
  type QuadraticFamily,
  type QuadraticProblem,
  quadraticError,
  quadraticFromOptimum,
  quadraticProblem,
  runQuadratic,
} from "./quadratic.ts";
/** A logistic regression's second-order model. */
export { quadraticModel } from "./quadratic-model.ts";
/** Slopes with intervals, and the windows that they must lie in. */
export { bootstrapSlope, slopeWindows, summarize } from "./slopes.ts";

/** The room `permutation-sgd`. */
export const permutationSgd: System = {
  name: "permutation-sgd",
  command: "order",
  title: "In which order to visit the examples",
  paper:
    "Shashank Rajput, Kangwook Lee, Dimitris Papailiopoulos: Permutation-Based SGD: Is Random Optimal? ICLR 2022, arXiv 2102.09718",
  summary:
    "Measures how single shuffle, random reshuffling, incremental order, FlipFlop and GraB converge, compares them on your data, and writes their orders out for other trainers.",
  claims,
  register: registerOrder,
};
