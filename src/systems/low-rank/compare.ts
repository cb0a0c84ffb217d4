/** Every way to a smaller network in one table, at equal numbers of parameters, over several seeds. @module */
import { join } from "node:path";
import { type HostTensor, Random, type Tree } from "../../core/index.ts";
import { meanInterval } from "../../linalg/index.ts";
import { lowRank, type Parameters } from "../../nn/index.ts";
import { createEvaluator } from "../../train/index.ts";
import { type CompareConfig, type ComparedMethod, comparedMethods } from "./config.ts";
import { factoredShapes } from "./cost.ts";
import { buildSubmodel } from "./extract.ts";
import { factorizeByFisher, fisherInformation, refactorize } from "./factorings.ts";
import { familyOf, pathOf, type StagedHooks } from "./frontier.ts";
import { loadRecipe, type Recipe } from "./recipe.ts";
import { type TrainingMethod, trainedParams } from "./train.ts";

/** One method at one size. */
export interface ComparedRow {
  readonly method: ComparedMethod;
  /** Share of the dense parameters allowed; 1 for the dense network. */
  readonly budget: number;
  /** Share of the dense parameters used, by seed; less where the method had come below the budget by itself. */
  readonly used: readonly number[];
  /** Accuracy on the test part by seed, in [0, 1]; for values: 1 - loss, the share of the variance explained. */
  readonly accuracies: readonly number[];
  readonly mean: number;
  /** 95% interval of the mean, by Student's t. */
  readonly interval: readonly [low: number, high: number];
}

/** What `tenfold lowrank compare` prints. */
export interface Comparison {
  readonly data: string;
  readonly model: string;
  readonly seeds: readonly number[];
  readonly denseParameters: number;
  readonly rows: readonly ComparedRow[];
}

/** Examples that Fisher information is the mean over. */
const fisherExamples = 1000;

/** Mean and 95% interval of repeated measurements of a share, within [0, 1]. */
export function shareInterval(values: readonly number[]): { mean: number; interval: [number, number] } {
  const { mean, half } = meanInterval(values);
  return { mean, interval: [Math.max(0, mean - half), Math.min(1, mean + half)] };
}

/** The networks of the methods asked for, for one seed: factored ones, and the dense one. */
async function networksOf(
  recipe: Recipe,
  methods: readonly ComparedMethod[],
  run: string | undefined,
  hooks: StagedHooks,
): Promise<Map<ComparedMethod, Parameters>> {
  const { task, train, config, seed } = recipe;
  const trained = new Map<TrainingMethod, Promise<Parameters>>();
  const get = (method: TrainingMethod): Promise<Parameters> => {
    if (!trained.has(method)) {
      hooks.stage?.(`seed ${seed}: ${method}`);
      const place = {
        ...(run !== undefined && { run: join(run, method) }),
        ...(hooks.signal && { signal: hooks.signal }),
      };
      trained.set(method, trainedParams(recipe, method, place, hooks.progress));
    }
    return trained.get(method)!;
  };
  const make: Readonly<Record<ComparedMethod, () => Promise<Parameters>>> = {
    dense: () => get("dense"),
    ordered: () => get("ordered"),
    "ordered + svd": async () => refactorize(await get("ordered")),
    unordered: () => get("unordered"),
    svd: async () => lowRank(task.model, { skip: config.skip }).from(await get("dense")),
    "fisher svd": async () => {
      const dense = await get("dense");
      const fisher = await fisherInformation(task.model, task.loss, dense, train, fisherExamples);
      return factorizeByFisher(task.model, dense, fisher, config.skip);
    },
  };
  const networks = new Map<ComparedMethod, Parameters>();
  for (const method of methods) networks.set(method, await make[method]());
  hooks.stage?.(`seed ${seed}: extraction`);
  return networks;
}

/**
 * Trains every method with several seeds and measures it at each budget of parameters.
 *
 * @param run - folder for the trainings, which are gone on with where they were left; default none
 */
export async function compareMethods(
  config: CompareConfig,
  seed: number,
  { run, ...hooks }: StagedHooks & { readonly run?: string } = {},
): Promise<Comparison> {
  const seeds = Array.from({ length: config.seeds }, (_, i) => seed + i);
  const budgets = [...new Set(config.budgets)].sort((a, b) => b - a);
  const found = new Map<string, { used: number[]; accuracies: number[] }>();
  const note = (method: ComparedMethod, budget: number, used: number, accuracy: number) => {
    const key = `${method} ${budget}`;
    const row = found.get(key) ?? { used: [], accuracies: [] };
    found.set(key, row);
    row.used.push(used);
    row.accuracies.push(accuracy);
  };
  let facts = { data: config.data, model: "", denseParameters: 0 };
  for (const current of seeds) {
    const recipe = await loadRecipe(config, current);
    const folder = run === undefined ? undefined : join(run, `seed-${current}`);
    const networks = await networksOf(recipe, config.methods, folder, hooks);
    const shapes = factoredShapes(recipe.task.model.init(new Random(0)), recipe.fullRanks);
    const denseParameters = familyOf(recipe, shapes).costs.dense.parameters;
    facts = { data: recipe.test.name, model: recipe.modelName, denseParameters };
    const evaluator = createEvaluator(recipe.task.model, recipe.task.loss);
    const score = async (params: Parameters) => {
      const { accuracy, loss } = await evaluator.evaluate(params as Tree<HostTensor>, recipe.test);
      return accuracy ?? 1 - loss;
    };
    for (const [method, params] of networks) {
      if (method === "dense") {
        note(method, 1, 1, await score(params));
        continue;
      }
      const family = familyOf(recipe, params);
      const path = await pathOf(recipe, family, "parameters", hooks);
      for (const budget of budgets) {
        const step = path.find(({ parameters }) => parameters <= budget * denseParameters);
        if (!step) continue;
        const submodel = await buildSubmodel(recipe.task.model, params, step.ranks, recipe.train);
        note(method, budget, step.parameters / denseParameters, await score(submodel));
      }
    }
    await evaluator.dispose();
  }
  const rows = comparedMethods.flatMap((method) =>
    (method === "dense" ? [1] : budgets).flatMap((budget): ComparedRow[] => {
      const row = found.get(`${method} ${budget}`);
      return row ? [{ method, budget, ...row, ...shareInterval(row.accuracies) }] : [];
    }),
  );
  return { ...facts, seeds, rows };
}
