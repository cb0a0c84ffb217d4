/** The module that engines load in threads: the work of a recipe with workers. @module */
import { assert } from "../core/index.ts";
import type { OpenWork } from "../dist/index.ts";
import { layerWork } from "../systems/local-sgd/index.ts";
import { assemble } from "./assembly.ts";
import type { Recipe } from "./schema.ts";
import { layerTrainingOf, roundsOfRecipe, trainingOf } from "./training.ts";

/** What a run of workers is opened with, plain JSON. */
export interface RecipeWork {
  readonly recipe: Recipe;
  readonly seed: number;
  /** See `Assembly`. */
  readonly prepared?: unknown;
}

/** Opens a {@link RecipeWork}. */
export const openWork: OpenWork = async (options) => {
  const { recipe, seed, prepared } = options as RecipeWork;
  assert(recipe.workers, "work of a recipe without workers");
  const where = (path: readonly (string | number)[]) => path.join(".");
  const training = trainingOf(recipe, await assemble(recipe, { seed, prepared, where }), seed, where);
  return layerWork(layerTrainingOf(recipe, training), roundsOfRecipe(recipe, recipe.workers, seed));
};

/** Where this module is. */
export const workModule = import.meta.url;
