import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "../core/index.ts";
import { RunFolder } from "../train/index.ts";
import { describeFound, type KeyPath, valueAt } from "./problems.ts";

/** The paths of all values in a document that are no objects. */
function pathsOf(document: unknown, prefix: KeyPath = []): KeyPath[] {
  if (document === null || typeof document !== "object" || Array.isArray(document)) return [prefix];
  return Object.entries(document).flatMap(([key, value]) => pathsOf(value, [...prefix, key]));
}

/**
 * Compares a recipe with that of the run in a folder, before anything is computed.
 *
 * @throws {RunError} with the first key that differs, or where the run in the folder is not one of a recipe
 */
export function requireSameRecipe(folder: string, recipe: unknown): void {
  if (!existsSync(join(folder, "run.json"))) return;
  const { identity } = RunFolder.inspect(folder);
  const file = join(folder, "run.json");
  if (identity.recipe === undefined) {
    throw new RunError({ where: file, expected: "a run of a recipe", found: "another kind of run" });
  }
  for (const path of [...pathsOf(identity.recipe), ...pathsOf(recipe)]) {
    const [saved, own] = [valueAt(identity.recipe, path), valueAt(recipe, path)];
    if (JSON.stringify(saved) === JSON.stringify(own)) continue;
    const show = (value: unknown) => (Array.isArray(value) ? JSON.stringify(value) : describeFound(value));
    throw new RunError({
      where: `${file}, "${path.join(".")}"`,
      expected: `${show(saved)}, as the run in this folder has it`,
      found: `${show(own)} in the recipe`,
      hint: "go on with the recipe the run was started with, or choose another folder",
    });
  }
}
