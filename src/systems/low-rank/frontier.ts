/** Accuracy against cost: submodels of a run beside those of the ways it competes with. @module */
import { join } from "node:path";
import { type HostTensor, Random, type Tree } from "../../core/index.ts";
import { lowRank, type Parameters, type Ranks } from "../../nn/index.ts";
import { createEvaluator } from "../../train/index.ts";
import type { FrontierConfig } from "./config.ts";
import { type Cost, type CostModel, costModel, factoredShapes } from "./cost.ts";
import { buildSubmodel, greedyPath, type Hooks, type Step } from "./extract.ts";
import { exportOnnx, measureLatencies } from "./latency.ts";
import type { Recipe } from "./recipe.ts";
import { loadParams, trainedParams } from "./train.ts";

/** One submodel, measured. */
export interface FrontierPoint extends Cost {
  readonly method: FrontierConfig["methods"][number];
  /** Leading columns kept, by layer; a layer whose factors would cost as much as itself is multiplied out. */
  readonly ranks: Ranks;
  /** Multiply-adds as a share of the dense model's. */
  readonly share: number;
  /** Median milliseconds of a call of `batch` examples in ONNX Runtime. */
  readonly latencyMsP50: number;
  /** On the test part, in [0, 1]; null where the data has no classes. */
  readonly accuracy: number | null;
  /** Mean loss on the test part. */
  readonly loss: number;
}

/** What `tenfold lowrank frontier` prints. */
export interface Frontier {
  readonly data: string;
  readonly model: string;
  readonly seed: number;
  /** Examples a call when latency was measured. */
  readonly batch: number;
  readonly dense: Cost;
  readonly points: readonly FrontierPoint[];
}

/** Factored parameters, and the costs of their submodels. */
export interface Family {
  readonly params: Parameters;
  readonly costs: CostModel;
}

/** Factored parameters with their costs. */
export function familyOf({ task, train }: Recipe, params: Parameters): Family {
  return { params, costs: costModel(task.model, params, train.inputs.shape.slice(1)) };
}

/** The greedy way down of a family. */
export function pathOf(recipe: Recipe, { params, costs }: Family, save: keyof Cost, hooks?: Hooks): Promise<Step[]> {
  const { task, selection } = recipe;
  return greedyPath({ model: task.model, loss: task.loss, params, selection, costs }, save, hooks);
}

/** The submodels of a path at the budgets given, without repetition: the whole family, then smaller and smaller. */
export function stepsAt(path: readonly Step[], kind: keyof Cost, budgets: readonly number[], dense: Cost): Step[] {
  const chosen = [path[0]!];
  for (const budget of [...budgets].sort((a, b) => b - a)) {
    const step = path.find((candidate) => candidate[kind] <= budget * dense[kind]);
    if (step && step !== chosen.at(-1)) chosen.push(step);
  }
  return chosen;
}

/** Trained or read: the factored parameters of a method in a run folder. */
async function paramsOf(
  recipe: Recipe,
  run: string,
  method: "ordered" | "unordered" | "svd-of-dense",
  hooks: Hooks,
): Promise<Parameters> {
  if (method === "ordered") return loadParams(recipe, "ordered", run);
  const place = { ...(hooks.signal && { signal: hooks.signal }) };
  if (method === "unordered") {
    return trainedParams(recipe, "unordered", { ...place, run: join(run, "baselines", "unordered") }, hooks.progress);
  }
  return lowRank(recipe.task.model, { skip: recipe.config.skip }).from(await denseParams(recipe, run, hooks));
}

function denseParams(recipe: Recipe, run: string, { progress, signal }: Hooks): Promise<Parameters> {
  const place = { run: join(run, "baselines", "dense"), ...(signal && { signal }) };
  return trainedParams(recipe, "dense", place, progress);
}

/** Hooks of work in named stages. */
export interface StagedHooks extends Hooks {
  readonly stage?: (text: string) => void;
}

/**
 * Measures the submodels of a run, and of what it competes with: an ordinary factorisation, SVD of a dense network, and the dense
 * network. Ranks are chosen on the held-out part of the training data, accuracies are those of the test part.
 *
 * @param run - folder of `tenfold lowrank train`; baselines are trained into `baselines/` there, once
 */
export async function measureFrontier(
  recipe: Recipe,
  run: string,
  { methods, budgets, batch }: FrontierConfig,
  hooks: StagedHooks = {},
): Promise<Frontier> {
  const trained: [FrontierPoint["method"], Parameters][] = [];
  for (const method of methods) {
    hooks.stage?.(method);
    const params =
      method === "dense" ? await denseParams(recipe, run, hooks) : await paramsOf(recipe, run, method, hooks);
    trained.push([method, params]);
  }
  return measurePoints(recipe, trained, { budgets, batch }, hooks);
}

/** Measures the submodels of networks that are trained already: factored parameters by method, and dense ones. */
export async function measurePoints(
  recipe: Recipe,
  trained: readonly (readonly [FrontierPoint["method"], Parameters])[],
  { budgets, batch }: Pick<FrontierConfig, "budgets" | "batch">,
  { stage = () => {}, ...hooks }: StagedHooks = {},
): Promise<Frontier> {
  const { task, train, test, modelName, seed, fullRanks } = recipe;
  const exampleShape = train.inputs.shape.slice(1);
  const dense = familyOf(recipe, factoredShapes(task.model.init(new Random(0)), fullRanks)).costs.dense;
  const submodels: { method: FrontierPoint["method"]; ranks: Ranks; cost: Cost; params: Parameters }[] = [];
  for (const [method, params] of trained) {
    stage(`${method}: extraction`);
    if (method === "dense") {
      submodels.push({ method, ranks: fullRanks, cost: dense, params });
      continue;
    }
    const path = await pathOf(recipe, familyOf(recipe, params), "macs", hooks);
    for (const { ranks, macs, parameters } of stepsAt(path, "macs", budgets, dense)) {
      const submodel = await buildSubmodel(task.model, params, ranks, train);
      submodels.push({ method, ranks, cost: { macs, parameters }, params: submodel });
    }
  }
  stage("latency");
  const files = submodels.map(({ params }) => exportOnnx(task.model, params, exampleShape));
  const latencies = await measureLatencies(files, exampleShape, { batch, ...hooks });
  stage("accuracy");
  const evaluator = createEvaluator(task.model, task.loss);
  const points: FrontierPoint[] = [];
  for (const [i, { method, ranks, cost, params }] of submodels.entries()) {
    const { accuracy, loss } = await evaluator.evaluate(params as Tree<HostTensor>, test);
    const share = cost.macs / dense.macs;
    points.push({ method, ranks, ...cost, share, latencyMsP50: latencies[i]!, accuracy: accuracy ?? null, loss });
  }
  await evaluator.dispose();
  return { data: test.name, model: modelName, seed, batch, dense, points };
}
