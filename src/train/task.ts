/** What fits a dataset: a model of the size its inputs and classes ask for, and the loss. @module */
import { totalmem } from "node:os";
import { ConfigError, formatShape, sizeOf } from "../core/index.ts";
import { type Dataset, standardize } from "../data/index.ts";
import { div, reshape } from "../engine/index.ts";
import { crossEntropy, type Layer, lenet, meanSquaredError, mlp, resnet8, scaling, sequential } from "../nn/index.ts";
import type { Loss } from "./step.ts";

/** Models by name. */
export const modelNames = ["mlp", "lenet", "resnet8"] as const;
export type ModelName = (typeof modelNames)[number];

/** A model and a loss that fit a dataset. */
export interface Task {
  readonly model: Layer;
  readonly loss: Loss;
  /** Facts of the task for run.json. */
  readonly identity: Readonly<Record<string, unknown>>;
}

/**
 * The model of a name at the size that `data` asks for, with cross-entropy for classes and squared error, as a share of the target's
 * variance, for values. Tables are scaled inside the model, so that what is saved and exported takes and gives the table's own
 * values.
 *
 * @param options - `hidden`: widths of the hidden layers of an `mlp`; `copies`: of its parameters that are held at once, default 4: the
 *   start, two sets of buffers that take turns, and gradients
 * @throws {ConfigError} where a model for images is asked of something else, or one that this machine has no memory for
 */
export function taskFor(
  data: Dataset,
  {
    model: name,
    hidden,
    copies = 4,
  }: { readonly model: ModelName; readonly hidden: readonly number[]; readonly copies?: number },
): Task {
  const { inputs, targets, classes, features } = data;
  const [, ...shape] = inputs.shape;
  const outputs = classes?.length ?? targets.shape[1] ?? 1;
  if (name !== "mlp" && (shape.length !== 3 || !classes)) {
    const found = `${classes ? "" : "values to predict from "}inputs of shape ${formatShape(shape)}`;
    throw new ConfigError({ where: `--model ${name}`, expected: "labelled images", found, hint: "take --model mlp" });
  }
  if (name === "mlp") requireMemory([sizeOf(shape), ...hidden, outputs], copies);
  const [channels = 1, height = 1, width = 1] = shape;
  const network = {
    mlp: () => mlp(sizeOf(shape), hidden, outputs),
    lenet: () => lenet({ channels, height, width }, outputs),
    resnet8: () => resnet8({ channels }, outputs),
  }[name]();
  const columns = shape.length === 1 ? standardize(data) : undefined;
  const target = standardize({ ...data, inputs: { ...targets, shape: [targets.shape[0]!, targets.shape[1] ?? 1] } });
  const layers = [
    ...(columns ? [scaling(columns.mean, columns.standardDeviation)] : []),
    network,
    ...(classes ? [] : [scaling(target.mean, target.standardDeviation, { inverse: true })]),
  ];
  const variance = target.standardDeviation.reduce((total, value) => total + value * value, 0) / target.mean.length;
  const squared: Loss = (output, y) => div(meanSquaredError(reshape(output, y.shape), y), variance);
  return {
    model: layers.length === 1 ? network : sequential(layers),
    loss: classes ? crossEntropy : squared,
    identity: {
      model: name,
      ...(name === "mlp" && { hidden }),
      ...(features && { features }),
      ...(classes && { classes }),
      ...(!classes && { loss: "squared error / variance of the target" }),
    },
  };
}

/** @throws {ConfigError} where training layers of these widths takes more memory than there is */
function requireMemory(widths: readonly number[], copies: number): void {
  const parameters = widths.slice(1).reduce((sum, width, at) => sum + width * (widths[at]! + 1), 0);
  const needed = copies * Float32Array.BYTES_PER_ELEMENT * parameters;
  const there = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  if (needed <= there) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`;
  throw new ConfigError({
    where: "--hidden",
    expected: `layers that fit into the ${gigabytes(there)} of memory here`,
    found: `${widths.slice(1, -1).join(",")}, of which training takes at least ${gigabytes(needed)}`,
  });
}
