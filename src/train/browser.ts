/** The part of training that runs in a browser: all but folders on a disk. @module */
export { createEvaluator, type Evaluation, type Evaluator } from "./evaluate.ts";
export {
  compileTrainStep,
  initialState,
  type Loss,
  type StepOptions,
  type StepReport,
  type TrainState,
  type TrainStep,
} from "./step.ts";
export { type FitEvent, type LoopOptions, trainingLoop } from "./training-loop.ts";
