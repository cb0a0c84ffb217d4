/** The training loop and what it leaves behind. @module */
export { type BatchPlan, gatherRows, planBatches } from "./batches.ts";
export { createEvaluator, type Evaluation, type Evaluator } from "./evaluate.ts";
export { exportModel } from "./export-model.ts";
export { fit } from "./fit.ts";
export {
  completionLoss,
  type PackedShape,
  type PackedTexts,
  packedModel,
  packTexts,
  type TextExample,
} from "./packing.ts";
export { type RecalibrateOptions, recalibrate } from "./recalibrate.ts";
export { type Checkpoint, RunFolder, type RunIdentity } from "./run-folder.ts";
/** Whether somebody is at a run. */
export { RunLock } from "./run-lock.ts";
export {
  compileTrainStep,
  growTree,
  initialState,
  type Loss,
  type StepOptions,
  type StepReport,
  shrinkState,
  type TrainState,
  type TrainStep,
  trainablePaths,
} from "./step.ts";
export { type ModelName, modelNames, type Task, taskFor } from "./task.ts";
export type { Finished, FitEvent, FitOptions, LoopOptions } from "./training-loop.ts";
