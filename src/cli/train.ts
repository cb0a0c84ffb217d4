import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import { addAction, type CommonOptions, openTerminal, type Terminal } from "../terminal/index.ts";
import type { FitEvent } from "../train/index.ts";

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
  model: z.enum(["mlp", "lenet", "resnet8"]).default("mlp").describe("mlp for anything, lenet and resnet8 for images"),
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
  addAction(program, "train", {
    description: "train a model on a dataset, in any order, into a resumable run folder",
    schema,
    out: true,
    load: async () => train,
  });
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
  const { loadParts } = await import("../data/index.ts");
  const { train: data, test: validation } = await loadParts(options.data, { ...options, seed: common.seed });
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

/** Model, loss, optimizer and schedule as `fit` takes them. */
async function settings(options: TrainOptions, data: Dataset) {
  const { taskFor } = await import("../train/index.ts");
  const { adamW, cosineSchedule, sgd } = await import("../optim/index.ts");
  const { learningRate, warmupSteps, weightDecay } = options;
  const task = taskFor(data, options);
  const totalSteps = options.epochs * Math.ceil(data.inputs.shape[0]! / options.batchSize);
  return {
    ...task,
    optimizer: options.optimizer === "sgd" ? sgd({ momentum: options.momentum, weightDecay }) : adamW({ weightDecay }),
    learningRate:
      options.schedule === "cosine" ? cosineSchedule({ peak: learningRate, totalSteps, warmupSteps }) : learningRate,
    ...(options.schedule === "cosine" && {
      learningRateName: `cosine from ${learningRate}, ${warmupSteps} warm-up steps`,
    }),
    identity: {
      ...task.identity,
      ...(options.label !== undefined && { label: options.label, missing: options.missing }),
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
