import { ConfigError, formatShape, Random } from "../core/index.ts";
import { loadParts } from "../data/index.ts";
import { crossEntropy } from "../nn/index.ts";
import { normNetwork } from "../systems/norm-tuning/index.ts";
import { taskFor } from "../train/index.ts";
import type { AssembleWork, Assembly } from "./assembly.ts";
import { readModelFile, writeModelFile } from "./model-file.ts";
import type { Recipe } from "./schema.ts";

type Network = Extract<Recipe["model"], { kind: "mlp" | "lenet" | "resnet8" }>;

/** A network for images or tables. */
export async function assembleExamples(
  network: Network,
  { name, ...options }: Extract<Recipe["data"], { kind: "examples" }>,
  { seed, where }: AssembleWork,
): Promise<Assembly> {
  const { train, test } = await loadParts(name, { ...options, seed });
  const [, ...shape] = train.inputs.shape;
  const batch = "norm" in network && network.norm === "batch";
  const fits = network.kind === "mlp" ? !batch || train.classes : shape.length === 3 && train.classes;
  if (!fits) {
    throw new ConfigError({
      where: where(["model"]),
      expected: network.kind === "mlp" ? "classes to tell apart, for batch norm" : "labelled images",
      found: `${train.classes ? "rows" : "values to predict from rows"} of shape ${formatShape(shape)} in ${train.name}`,
      hint: network.kind === "mlp" ? "leave norm: batch out" : "take the model mlp",
    });
  }
  const hidden = network.kind === "mlp" ? network.hidden : [];
  const task = taskFor(train, { model: network.kind, hidden });
  const { model, loss } = batch
    ? { model: normNetwork(train, { name: network.kind, hidden }), loss: crossEntropy }
    : task;
  const start =
    network.base === undefined
      ? model.init(new Random(seed, "init"))
      : await readModelFile(network.base, model, where(["model", "base"]));
  return { model, loss, start, train, test, identity: task.identity, save: writeModelFile };
}
