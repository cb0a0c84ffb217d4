import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import type { AnyLayer } from "../nn/index.ts";
import {
  addCommonOptions,
  type CommonOptions,
  openTerminal,
  optionsFromSchema,
  parseOptions,
  runAction,
  type Terminal,
} from "../terminal/index.ts";
import type { FitEvent, Loss } from "../train/index.ts";

const schema = z.object({
  data: z.string().default("digits").describe("name of a dataset, a folder or a file"),
  dataDir: z.string().optional().describe("folder to look for datasets in first"),
  label: z.string().optional().describe("column to predict, for tables"),
  features: z.array(z.string()).optional().describe("columns to predict from, for tables; all others by default"),
  missing: z.enum(["error", "drop"]).default("error").describe("what to do with rows that lack a value"),
  maxCategories: z.coerce
    .number()
    .int()
    .positive()
    .default(256)
    .describe("most different texts that a column may have"),
  model: z.enum(["mlp", "lenet"]).default("mlp").describe("mlp for anything, lenet for images"),
  hidden: z.array(z.coerce.number().int().positive()).default([64]).describe("widths of the hidden layers of an mlp"),
  epochs: z.coerce.number().int().positive().default(10).describe("passes over the data"),
  batchSize: z.coerce.number().int().positive().default(32).describe("examples a step"),
  optimizer: z.enum(["adamw", "sgd"]).default("adamw").describe("update rule"),
  learningRate: z.coerce.number().positive().default(0.003).describe("highest step size"),
  schedule: z.enum(["constant", "cosine"]).default("constant").describe("how the rate falls"),
  warmupSteps: z.coerce
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe("steps of linear growth to the rate, for cosine"),
  momentum: z.coerce.number().min(0).lt(1).default(0.9).describe("of sgd"),
  weightDecay: z.coerce.number().nonnegative().default(0).describe("shrinks the weights a little at every step"),
  clipNorm: z.coerce.number().positive().optional().describe("largest norm of a gradient"),
  order: z.string().default("rr").describe("order of examples: rr, ss, igd, ff-rr, ff-ss, ff-igd, grab, grab-pair"),
  checkpointEvery: z.coerce.number().int().positive().optional().describe("steps between checkpoints within an epoch"),
  resume: z.boolean().default(false).describe("go on with the run in --out, with the same options"),
});
type TrainOptions = z.output<typeof schema>;

/** Adds `tenfold train`: one model on one dataset, into a run folder. */
export function registerTrain(program: Command): void {
  const command = program
    .command("train")
    .description("train a model on a dataset, in any order, into a resumable run folder");
  addCommonOptions(optionsFromSchema(command, schema), { out: true }).action(
    runAction(async (raw: Record<string, unknown> & CommonOptions) => {
      await train(parseOptions(schema, raw, "train"), raw);
    }),
  );
}

async function train(options: TrainOptions, common: CommonOptions): Promise<void> {
  const terminal = openTerminal(common);
  if (options.resume && common.out === undefined) {
    throw new ConfigError({
      where: "--resume",
      expected: "the run's folder",
      found: "no --out",
      hint: "add --out DIR",
    });
  }
  const { fit } = await import("../train/index.ts");
  const { data, validation } = await loadParts(options, common.seed);
  const run = fit({
    ...(await settings(options, data)),
    data,
    validation,
    epochs: options.epochs,
    batchSize: options.batchSize,
    order: options.order,
    seed: common.seed,
    resume: options.resume,
    force: common.force ?? false,
    signal: terminal.signal,
    ...(common.out !== undefined && { run: common.out }),
    ...(options.clipNorm !== undefined && { clipNorm: options.clipNorm }),
    ...(options.checkpointEvery !== undefined && { checkpointEvery: options.checkpointEvery }),
  });
  await report(run, terminal, common);
}

/** Training and validation data: the dataset's own parts, or a seeded fifth of a file for validation. */
async function loadParts(
  { data, dataDir, label, features, missing, maxCategories }: TrainOptions,
  seed: number,
): Promise<{ data: Dataset; validation: Dataset }> {
  const { loadDataset, splitDataset } = await import("../data/index.ts");
  const options = {
    missing,
    maxCategories,
    ...(dataDir !== undefined && { dataDir }),
    ...(label !== undefined && { label }),
    ...(features && { features }),
  };
  const all = await loadDataset(data, { ...options, split: "all" });
  const isTable = all.inputs.shape.length === 2;
  if (!isTable && label !== undefined) {
    const hint = "images carry their labels: leave --label out";
    throw new ConfigError({
      where: "--label",
      expected: "a table to take the column from",
      found: `images (${all.name})`,
      hint,
    });
  }
  const [train, test] = isTable
    ? (splitDataset(all, { fractions: [0.8, 0.2], seed, stratify: all.classes !== undefined }) as [Dataset, Dataset])
    : [await loadDataset(data, { ...options, split: "train" }), await loadDataset(data, { ...options, split: "test" })];
  return { data: train, validation: test };
}

/** Model, loss, optimizer and schedule as `fit` takes them. */
async function settings(options: TrainOptions, data: Dataset) {
  const { inputs, classes, targets, features } = data;
  const { standardize } = await import("../data/index.ts");
  const { crossEntropy, lenet, meanSquaredError, mlp, scaling, sequential } = await import("../nn/index.ts");
  const { adamW, cosineSchedule, sgd } = await import("../optim/index.ts");
  const { model: name, hidden, learningRate, warmupSteps, weightDecay } = options;
  const [, ...shape] = inputs.shape;
  const outputs = classes?.length ?? targets.shape[1] ?? 1;
  if (name === "lenet" && (shape.length !== 3 || !classes)) {
    const found = `inputs of shape [${shape.join(", ")}]`;
    throw new ConfigError({ where: "--model lenet", expected: "labelled images", found, hint: "take --model mlp" });
  }
  const [channels = 1, height = 1, width = 1] = shape;
  const inDim = shape.reduce((size, axis) => size * axis, 1);
  const totalSteps = options.epochs * Math.ceil(inputs.shape[0]! / options.batchSize);
  const { div, reshape } = await import("../engine/index.ts");
  const network = name === "lenet" ? lenet({ channels, height, width }, outputs) : mlp(inDim, hidden, outputs);
  // Tables are scaled inside the model, so that what is saved and exported takes and gives the table's own values.
  const columns = standardize(data);
  const scaled: AnyLayer[] =
    shape.length === 1 ? [scaling(columns.mean, columns.standardDeviation), network] : [network];
  const target = standardize({ ...data, inputs: { ...targets, shape: [targets.shape[0]!, targets.shape[1] ?? 1] } });
  if (!classes) scaled.push(scaling(target.mean, target.standardDeviation, { inverse: true }));
  const variance = target.standardDeviation.reduce((total, value) => total + value * value, 0) / target.mean.length;
  const squared: Loss = (output, y) => div(meanSquaredError(reshape(output, y.shape), y), variance);
  return {
    model: scaled.length === 1 ? network : sequential(scaled),
    loss: classes ? crossEntropy : squared,
    optimizer: options.optimizer === "sgd" ? sgd({ momentum: options.momentum, weightDecay }) : adamW({ weightDecay }),
    learningRate:
      options.schedule === "cosine" ? cosineSchedule({ peak: learningRate, totalSteps, warmupSteps }) : learningRate,
    ...(options.schedule === "cosine" && {
      learningRateName: `cosine from ${learningRate}, ${warmupSteps} warm-up steps`,
    }),
    identity: {
      model: name,
      ...(name === "mlp" && { hidden }),
      ...(features && { features }),
      ...(classes && { classes }),
      ...(options.label !== undefined && { label: options.label, missing: options.missing }),
      ...(!classes && { loss: "squared error / variance of the target" }),
    },
  };
}

/** An evaluation in words. For regression the loss is a share of the target's variance: 1 is no better than its mean. */
function measured({ loss, accuracy }: { readonly loss: number; readonly accuracy?: number }): string {
  if (accuracy !== undefined) return `loss ${loss.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(2)}%`;
  return `squared error ${loss.toFixed(4)} of the target's variance`;
}

/** Shows a run as it goes, and its end. */
async function report(run: AsyncIterable<FitEvent>, terminal: Terminal, { out }: CommonOptions): Promise<void> {
  let progress: ReturnType<Terminal["progress"]> | undefined;
  for await (const event of run) {
    if (event.type === "start") {
      terminal.info(
        `${event.parameters} parameters, ${event.totalSteps} steps${event.step > 0 ? `, going on from step ${event.step}` : ""}`,
      );
      progress = terminal.progress("train", event.totalSteps);
    }
    if (event.type === "step") progress?.update(event.step, `loss ${event.loss.toFixed(4)}`);
    if (event.type === "evaluation") {
      terminal.info(`epoch ${event.epoch + 1}: validation ${measured(event)}`);
    }
    if (event.type === "stopped") {
      progress?.stop();
      const how =
        out === undefined
          ? "nothing was kept: give --out DIR to be able to go on"
          : "go on with the same command and --resume";
      terminal.warn(`stopped after step ${event.step}; ${how}`);
      process.exitCode = 130;
      return;
    }
    if (event.type === "end") {
      progress?.stop();
      terminal.result({
        steps: event.step,
        ...(out !== undefined && { run: out }),
        validation: event.evaluation ?? null,
      });
      if (out !== undefined) terminal.info(`${out}: metrics.jsonl, checkpoints, model.onnx, report.json`);
    }
  }
}
