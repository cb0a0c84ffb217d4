import { describe, it } from "vitest";
import { expectTrains, titleOf } from "./expect-trains.ts";
import { coveringRows, isSequence } from "./pairs.ts";
import { recipeFolder } from "./run-recipe.ts";

const recipes = recipeFolder();

describe("what combines in models of sequences: every pair trains, lowers its loss and leaves its model as ONNX", () => {
  for (const row of coveringRows.filter(isSequence)) {
    it(titleOf(row), { timeout: 60_000 }, () => expectTrains(row, recipes));
  }
});
