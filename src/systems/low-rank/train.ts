/** Training by each method, into run folders that are gone on with where they were left. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CollapseError, Random, RunError } from "../../core/index.ts";
import { type Layer, lowRank, type Parameters } from "../../nn/index.ts";
import { cosineSchedule, sgd } from "../../optim/index.ts";
import { type FitEvent, fit, RunFolder } from "../../train/index.ts";
import { paramsFrom, type Recipe, rememberedConfig } from "./recipe.ts";

/** How a network is trained: with ordered ranks, as an ordinary factorisation, or whole. */
export type TrainingMethod = "ordered" | "unordered" | "dense";

/** Where a run goes, and how it stops. */
export interface TrainingPlace {
  readonly run?: string;
  readonly resume?: boolean;
  readonly force?: boolean;
  readonly checkpointEvery?: number;
  readonly signal?: AbortSignal;
}

/** The model that a method trains, with parameters of its own form. */
export function modelFor(recipe: Recipe, method: TrainingMethod): Layer {
  const { task, config, groupLasso } = recipe;
  const { skip, sampler, shrink, rank } = config;
  if (method === "dense") return task.model;
  if (method === "unordered") return lowRank(task.model, { skip, rank, sampler: "none", shrink: false });
  const warmupSteps = Math.round(lassoWarmup * totalStepsOf(recipe));
  return lowRank(task.model, { skip, rank, sampler, groupLasso, shrink, warmupSteps });
}

/** Share of the steps over which the penalty on ranks rises to its weight. */
const lassoWarmup = 0.15;
/** Share of the steps over which the learning rate rises. */
const rateWarmup = 0.03;

function totalStepsOf({ train, config, epochs }: Recipe): number {
  return epochs * Math.ceil(train.inputs.shape[0]! / config.batchSize);
}

/** Trains by a method; see `fit` for the events. */
export function trainMethod(
  recipe: Recipe,
  method: TrainingMethod,
  place: TrainingPlace,
): AsyncGenerator<FitEvent, void, undefined> {
  const { config, seed, task, train, test, epochs, start } = recipe;
  const model = modelFor(recipe, method);
  const totalSteps = totalStepsOf(recipe);
  const warmupSteps = Math.round(rateWarmup * totalSteps);
  const initial =
    start && (method === "dense" ? start : lowRank(task.model, { skip: config.skip, rank: config.rank }).from(start));
  return fit<Parameters>({
    ...place,
    model,
    loss: task.loss,
    optimizer: sgd({ momentum: config.momentum, weightDecay: config.weightDecay }),
    data: train,
    validation: test,
    epochs,
    batchSize: config.batchSize,
    clipNorm: config.clipNorm,
    seed,
    learningRate: cosineSchedule({ peak: config.learningRate, totalSteps, warmupSteps }),
    learningRateName: `cosine from ${config.learningRate}, ${warmupSteps} warm-up steps`,
    identity: { ...task.identity, method, groupLasso: recipe.groupLasso, lowRank: rememberedConfig(config) },
    ...(initial && { params: initial }),
  });
}

/**
 * The trained parameters of a method: read from `run` where they are there, trained there (or gone on with) otherwise.
 *
 * @throws the signal's reason where it was stopped
 */
export async function trainedParams(
  recipe: Recipe,
  method: TrainingMethod,
  { run, signal }: Pick<TrainingPlace, "run" | "signal">,
  progress: (fraction: number) => void = () => {},
): Promise<Parameters> {
  if (run !== undefined && existsSync(join(run, "report.json"))) return loadParams(recipe, method, run);
  const resume = run !== undefined && existsSync(join(run, "run.json"));
  let total = 1;
  try {
    for await (const event of trainMethod(recipe, method, { ...(run !== undefined && { run }), resume, signal })) {
      if (event.type === "start") total = event.totalSteps;
      if (event.type === "step") progress(event.step / total);
      if (event.type === "stopped") signal?.throwIfAborted();
      if (event.type === "end") return event.params as Parameters;
    }
  } catch (error) {
    // The last epoch in which every layer still carried something.
    if (error instanceof CollapseError && run !== undefined) return loadParams(recipe, method, run);
    throw error;
  }
  throw new Error("internal: a run ended without an end");
}

/**
 * The parameters in the last checkpoint of a run.
 *
 * @throws {RunError} where there is none, or of another model
 */
export async function loadParams(recipe: Recipe, method: TrainingMethod, run: string): Promise<Parameters> {
  const { folder } = RunFolder.inspect(run);
  const checkpoint = await folder.loadCheckpoint();
  if (!checkpoint) {
    const hint = "train it to the end of an epoch with --resume";
    throw new RunError({ where: run, expected: "a run with a checkpoint", found: "none", hint });
  }
  const like = modelFor(recipe, method).init(new Random(0));
  return paramsFrom(checkpoint.tensors, like, { where: run, resized: method === "ordered" });
}
