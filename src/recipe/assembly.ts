/** The parts that a recipe names, put together: data, model, loss. @module */
import type { Dataset } from "../data/index.ts";
import type { Layer, Parameters } from "../nn/index.ts";
import type { Loss } from "../train/index.ts";
import { assembleExamples } from "./assemble-examples.ts";
import { assembleLanguageModel } from "./assemble-language-model.ts";
import { assembleRecommender } from "./assemble-recommender.ts";
import type { KeyPath } from "./problems.ts";
import type { Recipe } from "./schema.ts";

/** A model and what it learns from, before anything is said of how. */
export interface Assembly {
  readonly model: Layer;
  readonly loss: Loss;
  /** The model's parameters before the first step: fresh ones, or those of `base`. */
  readonly start: Parameters;
  readonly train: Dataset;
  readonly test: Dataset;
  /** Facts for run.json that must agree on resuming. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Plain JSON with which `assemble` makes the same parts again without the work they cost; undefined where they cost none. */
  readonly prepared?: unknown;
  /** Measures the trained model in its own terms, such as recall. */
  readonly measure?: (params: Parameters) => Promise<Readonly<Record<string, unknown>>>;
  /** Writes what others read of a run, besides model.onnx. */
  save(folder: string, params: Parameters): Promise<void>;
}

/** Around the work. */
export interface AssembleWork {
  readonly seed: number;
  /** The place of a value in the recipe's file, for messages. */
  readonly where: (path: KeyPath) => string;
  readonly prepared?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly note?: ((text: string) => void) | undefined;
}

/**
 * Puts the parts of a recipe together.
 *
 * @throws {DataError} where data is missing or damaged; {@link ConfigError} where it does not fit the model
 */
export function assemble(recipe: Recipe, work: AssembleWork): Promise<Assembly> {
  const { model, data } = recipe;
  if (model.kind === "language-model") return assembleLanguageModel(model, data as never, work);
  if (model.kind === "recommender") return assembleRecommender(model, data as never, work);
  return assembleExamples(model, data as never, work);
}
