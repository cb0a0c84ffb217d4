import { expect } from "vitest";
import { type Row, recipeOf } from "./pairs.ts";
import type { recipeFolder } from "./run-recipe.ts";

/** A row's name in a list of tests. */
export const titleOf = ({ model, train, order, workers }: Row) => `${model}, ${train}, ${order}, workers ${workers}`;

/** Trains a row, and expects that its loss falls and its model.onnx is the trained model. */
export async function expectTrains(
  row: Row,
  { run, losses, expectSameModel }: ReturnType<typeof recipeFolder>,
): Promise<void> {
  const name = titleOf(row).replace(/\W+/g, "-");
  const yaml = recipeOf(row);
  const { numbers } = await run(yaml, name);
  const epochs = losses(name);
  expect(epochs).toHaveLength(3);
  expect(epochs.at(-1)!, `losses ${epochs.join(", ")}`).toBeLessThan(epochs[0]!);
  expect(numbers.left).toBeGreaterThan(0);
  if (row.train === "norms" || row.train === "lora") expect(numbers.trained).toBeLessThan(numbers.model);
  await expectSameModel(yaml, name);
}
