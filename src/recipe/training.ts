/** A recipe as training: for one process, or for rounds of workers. @module */
import { ConfigError, flattenTree, type HostTensor, type Tree } from "../core/index.ts";
import { isBuffer, type Parameters } from "../nn/index.ts";
import { adamW, constantSchedule, cosineSchedule, type Optimizer, type Schedule, sgd } from "../optim/index.ts";
import { encodeSafetensors, sha256 } from "../storage/index.ts";
import { type LayerRounds, type LayerTraining, roundsOf, scheduleRounds } from "../systems/local-sgd/index.ts";
import { createEvaluator, type Finished } from "../train/index.ts";
import type { Assembly } from "./assembly.ts";
import type { KeyPath } from "./problems.ts";
import type { Recipe } from "./schema.ts";
import { countNumbers, type Tuning, tuningOf, wholeParams } from "./tuning.ts";

/** All that training needs of a recipe. */
export interface RecipeTraining extends Assembly {
  readonly tuning: Tuning;
  readonly optimizer: Optimizer;
  readonly learningRate: Schedule;
  /** The rate in words, for run.json. */
  readonly learningRateName: string;
}

/** Prepares an assembled recipe for training. */
export function trainingOf(
  recipe: Recipe,
  assembly: Assembly,
  seed: number,
  where: (path: KeyPath) => string,
): RecipeTraining {
  const { optimizer: rule, learningRate: peak, schedule } = recipe;
  const optimizer =
    rule.kind === "sgd"
      ? sgd({ momentum: rule.momentum, weightDecay: rule.weightDecay })
      : adamW({ weightDecay: rule.weightDecay });
  const cosine = schedule.kind === "cosine";
  const totalSteps = stepsOf(recipe, assembly, optimizer, seed);
  if (cosine && schedule.warmupSteps >= totalSteps) {
    throw new ConfigError({
      where: where(["schedule", "warmup-steps"]),
      expected: `fewer than the ${totalSteps} steps of ${recipe.workers ? "each worker" : "the run"}`,
      found: `${schedule.warmupSteps}`,
    });
  }
  return {
    ...assembly,
    identity: { ...assembly.identity, ...(hasBase(recipe) && { startSha256: hashOf(assembly.start) }) },
    tuning: tuningOf(assembly.model, assembly.start, recipe.train, seed, where),
    optimizer,
    learningRate: cosine
      ? cosineSchedule({ peak, totalSteps, warmupSteps: schedule.warmupSteps })
      : constantSchedule(peak),
    learningRateName: cosine ? `cosine from ${peak}, ${schedule.warmupSteps} warm-up steps` : `${peak}`,
  };
}

const hasBase = ({ model }: Recipe) => "base" in model && model.base !== undefined;

/** SHA-256 of parameters, as safetensors. */
function hashOf(params: Parameters): string {
  return sha256(encodeSafetensors(Object.fromEntries(flattenTree(params as Tree<HostTensor>))));
}

/** Steps of a run, or of each worker. */
function stepsOf(recipe: Recipe, { train }: Assembly, optimizer: Optimizer, seed: number): number {
  if (!recipe.workers) return recipe.epochs * Math.ceil(train.inputs.shape[0]! / recipe.batchSize);
  const rounds = roundsOf(scheduleRounds({ train, optimizer }, roundsOfRecipe(recipe, recipe.workers, seed)));
  return rounds * (recipe.workers.method === "minibatch-rr" ? 1 : recipe.workers.localSteps);
}

/** How the rounds of a recipe with workers go. */
export function roundsOfRecipe(recipe: Recipe, workers: NonNullable<Recipe["workers"]>, seed: number): LayerRounds {
  const { outer } = workers;
  return {
    method: workers.method,
    sync: workers.sync,
    order: recipe.order,
    workers: workers.count,
    epochs: recipe.epochs,
    seed,
    batchSize: recipe.batchSize,
    localSteps: workers.localSteps,
    shards: workers.shards,
    outer: outer.kind,
    outerRate: outer.kind === "nesterov" ? outer.rate : 1,
    outerMomentum: outer.kind === "nesterov" ? outer.momentum : 0,
    operatorThreads: 1,
  };
}

/** What workers train. */
export function layerTrainingOf(recipe: Recipe, training: RecipeTraining): LayerTraining {
  const { tuning, loss, train, test, optimizer, learningRate } = training;
  return {
    model: tuning.layer,
    loss,
    initial: tuning.params as Tree<HostTensor>,
    trainable: tuning.trainable,
    optimizer,
    learningRate,
    clipNorm: recipe.clipNorm,
    train,
    test,
  };
}

/** What is left of a run: the model itself, its sizes, and what it is worth in its own terms. */
export async function finishTraining(
  { tuning, model, loss, test, start, measure, save }: RecipeTraining,
  trained: Parameters,
  out: string | undefined,
): Promise<Finished> {
  const params = tuning.finish(trained);
  const evaluator = createEvaluator(model, loss);
  const before = await evaluator.evaluate(start as Tree<HostTensor>, test);
  await evaluator.dispose();
  const facts = {
    before,
    numbers: {
      model: countNumbers(start),
      trained: countNumbers(tuning.params, (path) => tuning.trainable(path) && !isBuffer(path)),
      left: countNumbers(params),
    },
    ...tuning.describe(trained),
    ...(measure && { measured: await measure(params) }),
  };
  if (out !== undefined) await save(out, wholeParams(params));
  return { model, params: params as Tree<HostTensor>, facts };
}
