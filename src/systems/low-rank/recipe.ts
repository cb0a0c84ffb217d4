/** What a run trains on what: data in three parts, a model, a loss. @module */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { flattenTree, type HostTensor, mapTree, Random, RunError, sameShape, type Tree } from "../../core/index.ts";
import { type Dataset, loadParts, splitDataset } from "../../data/index.ts";
import { lowRank, type Parameters, type Ranks } from "../../nn/index.ts";
import { readSafetensors } from "../../storage/index.ts";
import { type ModelName, RunFolder, type Task, taskFor } from "../../train/index.ts";
import { type RecipeConfig, recipeSchema } from "./config.ts";

/** A checked configuration with its data and model. */
export interface Recipe {
  readonly config: RecipeConfig;
  readonly seed: number;
  readonly modelName: ModelName;
  readonly task: Task;
  /** What is trained on. */
  readonly train: Dataset;
  /** Held out of the training part: what ranks are chosen by. */
  readonly selection: Dataset;
  /** What accuracies are reported on; nothing is chosen by it. */
  readonly test: Dataset;
  readonly epochs: number;
  /** Weight of the penalty on ranks. */
  readonly groupLasso: number;
  /** The full rank of every layer that is factored. */
  readonly fullRanks: Ranks;
  /** Dense parameters to start from, of `config.from`. */
  readonly start: Parameters | undefined;
}

/** Examples held out to choose ranks by: a tenth, and no more than this. */
const mostSelection = 2000;
/** Small data is gone through until there have been so many steps. */
const fewestSteps = 3000;
const fewestEpochs = 12;

/** The default penalty times the sum of full ranks: the tails that are penalised are as many as there are ranks. */
const defaultLasso = 0.25;

/** Loads the data and sizes the model. */
export async function loadRecipe(config: RecipeConfig, seed: number): Promise<Recipe> {
  const parts = await loadParts(config.data, { ...config, seed });
  const size = parts.train.inputs.shape[0]!;
  const held = Math.min(0.1, mostSelection / size);
  const [train, selection] = splitDataset(parts.train, { fractions: [1 - held, held], seed }) as [Dataset, Dataset];
  const modelName = config.model ?? (train.inputs.shape.length === 4 ? "lenet" : "mlp");
  const task = taskFor(train, { model: modelName, hidden: config.hidden });
  const stepsAnEpoch = Math.ceil(train.inputs.shape[0]! / config.batchSize);
  const { fullRanks } = lowRank(task.model, { skip: config.skip });
  const totalRank = Object.values(fullRanks).reduce((sum, rank) => sum + rank, 0);
  return {
    config,
    seed,
    groupLasso: config.groupLasso ?? defaultLasso / Math.max(1, totalRank),
    fullRanks,
    modelName,
    task,
    train,
    selection,
    test: parts.test,
    epochs: config.epochs ?? Math.max(fewestEpochs, Math.ceil(fewestSteps / stepsAnEpoch)),
    start: config.from === undefined ? undefined : await readStart(config.from, task),
  };
}

/** The options as a run folder keeps them: a path on disk becomes absolute, so that the run can be read from anywhere. */
export function rememberedConfig(config: RecipeConfig): RecipeConfig {
  const absolute = (path: string | undefined) => (path !== undefined && existsSync(path) ? resolve(path) : path);
  return { ...config, data: absolute(config.data)!, dataDir: absolute(config.dataDir), from: absolute(config.from) };
}

/**
 * The recipe of a run folder.
 *
 * @throws {RunError} where it is none, or one of another command
 */
export async function openRecipe(run: string): Promise<Recipe> {
  const { identity: saved } = RunFolder.inspect(run);
  const path = join(run, "run.json");
  const parsed = recipeSchema.safeParse(saved.lowRank);
  if (saved.method !== "ordered" || !parsed.success) {
    const found = typeof saved.model === "string" ? `a run of another command (model ${saved.model})` : "another file";
    const hint = "train one with tenfold lowrank train --out RUN";
    throw new RunError({ where: path, expected: "a run of tenfold lowrank train", found, hint });
  }
  const recipe = await loadRecipe(parsed.data, saved.seed as number);
  if (recipe.train.sha256 !== saved.dataSha256) {
    throw new RunError({
      where: `${path}, "dataSha256"`,
      expected: `data with sha256 ${String(saved.dataSha256).slice(0, 12)}…, as the run was trained on`,
      found: `${recipe.train.sha256.slice(0, 12)}… at ${parsed.data.data}`,
      hint: "put the run's data back, or train anew",
    });
  }
  return recipe;
}

/** Tensors by path as the parameters of a model; `prefix` is that of checkpoints. */
export function paramsFrom(
  tensors: Readonly<Record<string, HostTensor>>,
  like: Parameters,
  { where, resized = false }: { readonly where: string; readonly resized?: boolean },
): Parameters {
  return mapTree(like as Tree<HostTensor>, (leaf, path) => {
    const found = tensors[`params.${path}`] ?? tensors[path];
    const fits = found && (resized ? found.shape.length === leaf.shape.length : sameShape(found.shape, leaf.shape));
    if (fits && found.dtype === leaf.dtype) return found;
    throw new RunError({
      where: `${where} at ${path}`,
      expected: `${leaf.dtype}[${leaf.shape.join(", ")}], as the model has it`,
      found: found ? `${found.dtype}[${found.shape.join(", ")}]` : "nothing",
      hint: "give the file of a model of this kind and these sizes",
    });
  }) as Parameters;
}

async function readStart(path: string, { model }: Task): Promise<Parameters> {
  const { tensors } = await readSafetensors(path);
  return paramsFrom(tensors, model.init(new Random(0)), { where: path });
}

/** Whether a model has running statistics, which must be measured anew once its weights are truncated. */
export function hasStatistics(params: Parameters): boolean {
  return flattenTree(params as Tree<HostTensor>).some(([path]) => path.endsWith(".runningVariance"));
}
