/** Minibatch and local SGD with shuffling, on one machine or a fleet. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerLocal } from "./command.ts";

/** Slopes of the error in epochs, workers or local steps. */
export { type BenchMethod, benchMethods, type MethodRates, type MethodsBench } from "./bench.ts";
/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
export {
  /** Options of `tenfold local bench`. */
  type BenchConfig,
  benchSchema,
  /** Where rounds run. */
  type EngineConfig,
  engineSchema,
  /** Options of `tenfold local train`, without those of engines. */
  type NetworkConfig,
  networkSchema,
  /** Options of `tenfold local run`, without those of engines. */
  type ProblemConfig,
  problemConfigSchema,
  /** Options of `tenfold local worker`. */
  workerSchema,
} from "./config.ts";
/** Rounds on an engine, into a resumable folder. */
export {
  type EpochFacts,
  execute,
  executeRounds,
  type Outcome,
  type Place,
  type RoundsRun,
} from "./execute.ts";
/** A worker of a fleet, until it is told to leave. */
export { serveWorker } from "./fleet-actions.ts";
/** What synchronized minibatches come to at M B = N. */
export { gradientDescent } from "./gradient-descent.ts";
/** The training of any layer as rounds. */
export { type LayerRounds, type LayerTraining, layerWork, paramsOfWeights, scheduleRounds } from "./layer-work.ts";
/** Logistic regression on rows dealt to workers. */
export { type LogisticOptions, type LogisticTask, logisticProblem } from "./logistic.ts";
/** The slopes that are expected. */
export { expectedSlopes } from "./measurements.ts";
/** The outer optimizer. */
export { type OuterOptions, outerStep } from "./outer.ts";
/** The cheapest number of local steps. */
export {
  bestOfEach,
  measureSpreads,
  type PlanCosts,
  type PlannedCost,
  planCosts,
  type Spreads,
  spreadsAt,
} from "./plan.ts";
/** A finite sum spread over workers. */
export { componentGradient, type Problem } from "./problem.ts";
/** Quadratics and the lower bounds' function. */
export { type SyntheticOptions, syntheticProblem } from "./quadratic.ts";
/** Who visits which components when. */
export { type Method, methods, roundsOf, Schedule, type ScheduleOptions } from "./schedule.ts";
/** A run on typed arrays, without an engine. */
export { simulate } from "./simulate.ts";
/** The step sizes of the theorems. */
export { type StepSize, theoreticalStep } from "./step-size.ts";
/** What one worker does in a round. */
export { workerSteps } from "./steps.ts";
/** Any run of this room as work for engines, and where engines load it. */
export { type LocalRun, openWork, workModule } from "./work.ts";

/** The room `local-sgd`. */
export const localSgd: System = {
  name: "local-sgd",
  command: "local",
  title: "Many workers, shuffled data, one model",
  paper:
    "Chulhee Yun, Shashank Rajput, Suvrit Sra: Minibatch vs Local SGD with Shuffling: Tight Convergence Bounds and Beyond, ICLR 2022, arXiv 2110.10342",
  summary:
    "Minimises a problem or trains a network with many workers that shuffle their data and average gradients or weights: in one process, in threads or on a fleet, with the same bytes at the end.",
  claims,
  register: registerLocal,
};
