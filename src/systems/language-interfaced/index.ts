/** A language model fine-tuned on a table, through text alone. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerLift } from "./command.ts";

/** What is fine-tuned. */
export { type BaseHooks, type BaseModel, openBase } from "./base-model.ts";
/** Classic methods on the same rows. */
export { baselinePredictions, baselineRows } from "./baselines.ts";
/** Where predictions change. */
export { type Boundary, boundarySvg, decisionBoundary } from "./boundary.ts";
/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
export {
  /** Options of `tenfold lift fit`. */
  type FitConfig,
  fitSchema,
  /** What a run remembers of them. */
  type Recipe,
  recipeSchema,
} from "./config.ts";
/** Predictions held against right answers. */
export { type Evaluation, evaluateModel, mainFigure, type Score, scorePredictions } from "./evaluate.ts";
/** Rows as texts to learn from. */
export { type Augmentation, type LabelledRows, textExamples, type Writing } from "./examples.ts";
/** The whole of it: a table in, a model out. */
export { type FitHooks, type Fitted, fitRows, type Prepared, prepare } from "./fit.ts";
/** Rows made up by a model. */
export { type Generated, type GenerateOptions, generateRows } from "./generate.ts";
/** Tables as rows of a schema. */
export { onlyAnswered, readRows, rowsOf, type SchemaRows, splitLabelled } from "./labelled-table.ts";
/** Small made-up tables. */
export { type MadeFunction, madeClasses, madeNumbers } from "./made-tables.ts";
/** How good predictions are. */
export { type ClassificationScore, type RegressionScore, scoreClasses, scoreNumbers } from "./metrics.ts";
/** Numbers as digits. */
export { fixedFormat, formatNumber, type NumberFormat, readNumber } from "./number-format.ts";
/** Predictions, and answers drawn. */
export { type LiftModel, type Prediction, type PredictOptions, predictRows, sampleAnswers } from "./predict.ts";
/** Fine-tuning by a service. */
export { fineTuneRemotely, type RemoteJob, type RemoteService } from "./remote.ts";
/** Runs as folders. */
export { type LiftRecord, type LiftRun, readRun, writeRun } from "./run-folder.ts";
/** What a table's columns are. */
export {
  type Feature,
  inferSchema,
  type Row,
  type Schema,
  type SchemaOptions,
  type Target,
  type Value,
} from "./schema.ts";
/** A model behind HTTP. */
export { liftService } from "./serve.ts";
/** Rows as sentences, and back. */
export { makeTemplate, readAnswer, readFields, type Template, writeAnswer, writePrompt } from "./template.ts";
/** Training rows for services. */
export { trainingLines } from "./training-rows.ts";

/** The room `language-interfaced`. */
export const languageInterfaced: System = {
  name: "language-interfaced",
  command: "lift",
  title: "Tables as text for a language model",
  paper:
    "Tuan Dinh, Yuchen Zeng, Ruisu Zhang, Ziqian Lin, Michael Gira, Shashank Rajput, Jy-yong Sohn, Dimitris Papailiopoulos, Kangwook Lee: LIFT: Language-Interfaced Fine-Tuning for Non-Language Machine Learning Tasks. NeurIPS 2022, arXiv 2206.06565",
  summary:
    "Fine-tunes a language model on the rows of a table written as text, without a change to the model, and predicts classes, numbers and rows by the text it writes.",
  claims,
  register: registerLift,
};
