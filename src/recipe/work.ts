/** The module that engines load in threads and on other machines: the work of a recipe with workers. @module */
import { assert, DataError } from "../core/index.ts";
import type { OpenWork } from "../dist/index.ts";
import { layerWork } from "../systems/local-sgd/index.ts";
import { assemble } from "./assembly.ts";
import type { Recipe } from "./schema.ts";
import { layerTrainingOf, type RecipeTraining, roundsOfRecipe, trainingOf } from "./training.ts";

/** What a run of workers is opened with, plain JSON. */
export interface RecipeWork {
  readonly recipe: Recipe;
  readonly seed: number;
  /** See `Assembly`. */
  readonly prepared?: unknown;
  /** What another machine must have too: the data, and what training starts from. */
  readonly same: SameEverywhere;
}

/** SHA-256 of the data, and of the parameters of a base. */
export interface SameEverywhere {
  readonly data: string;
  readonly start?: unknown;
}

/** What a training must share with all others of its run. */
export function sameOf({ train, identity }: RecipeTraining): SameEverywhere {
  return { data: train.sha256, start: identity.startSha256 };
}

/** Opens a {@link RecipeWork}. */
export const openWork: OpenWork = async (options) => {
  const { recipe, seed, prepared, same } = options as RecipeWork;
  assert(recipe.workers, "work of a recipe without workers");
  const where = (path: readonly (string | number)[]) => path.join(".");
  const training = trainingOf(recipe, await assemble(recipe, { seed, prepared, where }), seed, where);
  const own = sameOf(training);
  for (const key of ["data", "start"] as const) {
    if (own[key] === same[key]) continue;
    throw new DataError({
      where: key === "data" ? training.train.name : "model.base",
      expected: `SHA-256 ${String(same[key])}, as where the run was started`,
      found: String(own[key]),
      hint: "every machine needs the same files",
    });
  }
  return layerWork(layerTrainingOf(recipe, training), roundsOfRecipe(recipe, recipe.workers, seed));
};

/** What sets the queues of recipes apart from those of `tenfold local`. */
export const fleetSuffix = "-recipe";

/** Where this module is. */
export const workModule = import.meta.url;
