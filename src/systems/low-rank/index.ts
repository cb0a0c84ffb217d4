/** Layers that learn their own rank while they train. The layers themselves are `lowRank` in `nn`. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerLowRank } from "./command.ts";

/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
/** Every way to a smaller network in one table, at equal parameters. */
export { type ComparedRow, type Comparison, compareMethods, shareInterval } from "./compare.ts";
export {
  /** Options of `tenfold lowrank compare`. */
  type CompareConfig,
  type ComparedMethod,
  comparedMethods,
  compareSchema,
  /** Options of `tenfold lowrank export`. */
  type ExportConfig,
  exportSchema,
  /** Options of `tenfold lowrank frontier`. */
  type FrontierConfig,
  frontierSchema,
  /** What a run folder remembers. */
  type RecipeConfig,
  /** Options of `tenfold lowrank recover`. */
  type RecoverConfig,
  recipeSchema,
  recoverSchema,
  /** Options of `tenfold lowrank train`. */
  trainSchema,
} from "./config.ts";
/** What submodels cost, by their ranks. */
export { type Cost, type CostModel, costModel, factoredShapes, macsOf, parametersOf, stepMacs } from "./cost.ts";
/** Smaller models out of a trained one. */
export {
  buildSubmodel,
  greedyPath,
  type Hooks,
  rungs,
  type Step,
  uniformRanks,
  withinBudget,
} from "./extract.ts";
/** Networks factored after training. */
export { factorizeByFisher, fisherInformation, refactorize } from "./factorings.ts";
/** Accuracy against cost. */
export {
  type Frontier,
  type FrontierPoint,
  measureFrontier,
  measurePoints,
  type StagedHooks,
  stepsAt,
} from "./frontier.ts";
/** Exported models, and their milliseconds. */
export { exportOnnx, type LatencyOptions, measureLatencies } from "./latency.ts";
/** What is trained on what. */
export { loadRecipe, openRecipe, type Recipe } from "./recipe.ts";
/** What ordered ranks find on linear maps. */
export {
  type LearnOptions,
  type LinearProblem,
  learnLinear,
  type PcaRecovery,
  type ReversedRecovery,
  randomMatrix,
  recoverPca,
  recoverReversed,
  recoverSvd,
  type SvdRecovery,
} from "./recovery.ts";
/** Training by each method. */
export { loadParams, modelFor, type TrainingMethod, type TrainingPlace, trainedParams, trainMethod } from "./train.ts";

/** The room `low-rank`. */
export const lowRankRoom: System = {
  name: "low-rank",
  command: "lowrank",
  title: "Layers that learn their own rank",
  paper:
    "Samuel Horváth, Stefanos Laskaridis, Shashank Rajput, Hongyi Wang: Maestro: Uncovering Low-Rank Structures via Trainable Decomposition. ICML 2024, arXiv 2308.14929",
  summary:
    "Trains a network whose layers find their own ranks, and takes from that one run a family of nested models by multiply-adds, parameters or milliseconds.",
  claims,
  register: registerLowRank,
};
