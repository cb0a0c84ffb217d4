/** Models, what is trained of them, orders of examples and workers, combined by one file. @module */
/** Whether a recipe can be carried out. */
export { impossibleCombinations } from "./combinations.ts";
/** One thing that is wrong with a recipe. */
export type { KeyPath, Problem } from "./problems.ts";
/** Recipes from YAML. */
export { parseRecipe, type RecipeFile, readRecipe } from "./read-recipe.ts";
/** `tenfold worker` */
export { runRecipeWorker } from "./recipe-worker.ts";
/** Every key of a recipe. */
export { type Recipe, recipeSchema, type WrittenRecipe } from "./schema.ts";
/** A run on the terminal. */
export { showFit } from "./show-fit.ts";
/** `tenfold train recipe.yaml` */
export { trainRecipe } from "./train-recipe.ts";
