import { describe, expect, it } from "vitest";
import { expectTrains, titleOf } from "./expect-trains.ts";
import { choices, coveringRows, isSequence, refusedPairs } from "./pairs.ts";
import { recipeFolder } from "./run-recipe.ts";

const recipes = recipeFolder();

describe("what combines", () => {
  it("is all but what docs/composition.md says is refused", () => {
    expect([...refusedPairs].sort()).toEqual([
      "grab, local-rr",
      "grab, minibatch-rr",
      "grab-pair, local-rr",
      "grab-pair, minibatch-rr",
      "lenet, norms",
      "low-rank, grab",
      "low-rank, grab-pair",
      "mlp, norms",
    ]);
    const orders = Object.keys(choices.order).length * Object.keys(choices.model).length;
    expect(coveringRows.length).toBeGreaterThanOrEqual(orders);
  });

  describe("models of examples: every other pair trains, lowers its loss and leaves its model as ONNX", () => {
    for (const row of coveringRows.filter((each) => !isSequence(each))) {
      it(titleOf(row), { timeout: 60_000 }, () => expectTrains(row, recipes));
    }
  });
});
