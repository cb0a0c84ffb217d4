import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../core/index.ts";
import type { Dataset } from "../data/index.ts";
import { addAction, type CommonOptions, openTerminal } from "../terminal/index.ts";

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

/** Adds `tenfold train`: one model on one dataset, or what a recipe says, into a run folder. */
export function registerTrain(program: Command): void {
  addAction(program, "train [recipe]", {
    description: "train a model on a dataset, in any order, or what a recipe combines, into a resumable run folder",
    argumentHelp: { recipe: "YAML file that says all of it; see docs/composition.md" },
    schema,
    out: true,
    load: async () => train,
  });
}

async function train(
  recipe: string | undefined,
  options: TrainOptions,
  common: CommonOptions,
  command: Command,
): Promise<void> {
  const { showFit, trainRecipe } = await import("../recipe/index.ts");
  if (recipe !== undefined) {
    refuseFlags(command, recipe);
    return trainRecipe(recipe, options, common);
  }
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
  await showFit(run, terminal, common, "squared error as a share of the target's variance");
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

/** A recipe says all that decides a run: a flag beside it would be a second place to look for it. */
function refuseFlags(command: Command, recipe: string): void {
  const given = command.options.filter(
    (option) =>
      option.attributeName() in schema.shape &&
      option.attributeName() !== "resume" &&
      command.getOptionValueSource(option.attributeName()) === "cli",
  );
  if (given.length === 0) return;
  throw new ConfigError({
    where: given.map(({ long }) => long).join(", "),
    expected: "only --seed, --out, --force, --resume, --json, --quiet and --debug beside a recipe",
    found: recipe,
    hint: `write it into ${recipe}`,
  });
}
