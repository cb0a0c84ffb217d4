/** Finding a mask on data: training of scores in a run folder, and what the mask is worth. @module */
import { join } from "node:path";
import { ConfigError, flattenTree, type HostTensor, Random, type Tree } from "../../core/index.ts";
import { type Dataset, loadParts } from "../../data/index.ts";
import { mul, toOnnx } from "../../engine/index.ts";
import { type Layer, Mode, type Parameters } from "../../nn/index.ts";
import { cosineSchedule, sgd } from "../../optim/index.ts";
import { sha256, writeFileAtomic } from "../../storage/index.ts";
import {
  createEvaluator,
  type Evaluation,
  type FitEvent,
  fit,
  RunFolder,
  type Task,
  taskFor,
} from "../../train/index.ts";
import type { SearchConfig } from "./config.ts";
import { type MaskedModel, type MaskedParams, maskedModel, outputScale, withWeights } from "./masked-model.ts";
import { encodeSubnetwork, type Subnetwork, sizesOf, subnetworkWeights } from "./subnetwork-file.ts";

/** A checked configuration with its data and models. */
export interface SearchRecipe {
  readonly config: SearchConfig;
  readonly seed: number;
  readonly train: Dataset;
  readonly test: Dataset;
  /** The dense model and the loss. */
  readonly task: Task;
  readonly model: MaskedModel;
  readonly epochs: number;
  readonly totalSteps: number;
  /** The parameters that training starts from. */
  freshParams(): MaskedParams;
}

/** Small data is gone through until there have been so many steps. */
const fewestSteps = 600;
const fewestEpochs = 10;

/**
 * Loads the data and sizes the model.
 *
 * @throws {ConfigError} where the data have no classes
 */
export async function loadSearch(config: SearchConfig, seed: number): Promise<SearchRecipe> {
  const { data, dataDir, label, hidden, batchSize } = config;
  const { train, test } = await loadParts(data, { seed, ...(dataDir && { dataDir }), ...(label && { label }) });
  if (!train.classes) {
    const hint = "a network without biases or amplitudes can only choose";
    throw new ConfigError({ where: "--data", expected: "data with classes", found: `values (${train.name})`, hint });
  }
  const task = taskFor(train, { model: config.model, hidden });
  const steps = Math.ceil(train.inputs.shape[0]! / batchSize);
  const epochs = config.epochs ?? Math.max(fewestEpochs, Math.ceil(fewestSteps / steps));
  const { method, weights, keep } = config;
  const totalSteps = epochs * steps;
  const model = maskedModel(task.model, { method, weights, keep, seed, totalSteps });
  const freshParams = () => model.init(new Random(seed, "init"));
  return { config, seed, train, test, task, model, epochs, totalSteps, freshParams };
}

/** Masks of fewer weights than this are found faster by one thread: their operations are short and many. */
const fewWeights = 200_000;

/** Where a run goes, and how it stops. */
export interface SearchPlace {
  readonly run?: string;
  readonly resume?: boolean;
  readonly force?: boolean;
  readonly checkpointEvery?: number;
  readonly signal?: AbortSignal;
}

/** Trains the scores; see `fit` for the events. */
export function trainMask(recipe: SearchRecipe, place: SearchPlace): AsyncGenerator<FitEvent, void, undefined> {
  const { config, seed, model, task, train, test, epochs, totalSteps } = recipe;
  const { method, weights, keep, learningRate, momentum, weightDecay, batchSize } = config;
  const elements = model.layers.reduce((sum, { size }) => sum + size, 0);
  return fit<MaskedParams>({
    ...place,
    ...(elements < fewWeights && { compile: { threads: 1 } }),
    model,
    trainable: model.trainable,
    loss: task.loss,
    optimizer: sgd({ momentum, weightDecay }),
    data: train,
    validation: test,
    epochs,
    batchSize,
    seed,
    params: recipe.freshParams(),
    learningRate: cosineSchedule({ peak: learningRate, totalSteps }),
    learningRateName: `cosine from ${learningRate}`,
    identity: { ...task.identity, method, weights, keep },
  });
}

/** SHA-256 of all leaves that training leaves alone. */
export function frozenSha256({ frozen }: MaskedParams): string {
  const leaves = flattenTree(frozen as Tree<HostTensor>).map(([path, { data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return `${path} ${sha256(bytes)}`;
  });
  return sha256(leaves.join("\n"));
}

/** The dense model with its output scaled: what runs where the mask is deployed. */
function deployedModel(recipe: SearchRecipe): Layer {
  const { task, model, config } = recipe;
  const scale = outputScale(model.layers, config.weights);
  return {
    init: task.model.init,
    apply: (params, input, mode) => mul(task.model.apply(params, input, mode), scale),
  };
}

/** The model's own parameters with a subnetwork's weights. */
function deployedParams({ model }: SearchRecipe, { frozen }: MaskedParams, subnetwork: Subnetwork): Parameters {
  const weights = subnetworkWeights(subnetwork);
  return withWeights(frozen, model.layers, (layer) => weights[layer]!);
}

/** The subnetwork that trained scores stand for. */
function subnetworkOf({ model, config, seed }: SearchRecipe, params: MaskedParams): Subnetwork {
  const masks = model.masks(params);
  const layers = model.layers.map((layer, l) => ({ ...layer, kept: masks[l]!.reduce((sum, bit) => sum + bit, 0) }));
  return { method: config.method, weights: config.weights, seed, layers, masks };
}

/** Draws of a sanity check that are averaged. */
const sanityDraws = 5;

/** What a mask is worth once something about it is taken away: accuracies on the test part. */
export interface SanityChecks {
  /** Share of the most frequent class. */
  readonly chance: number;
  /** The mask's bits in random places of the same layer. */
  readonly shuffled: readonly number[];
  /** The same mask over the weights of other seeds. */
  readonly reinitialized: readonly number[];
  /** What was masked kept, and the other way round. */
  readonly inverted: number;
}

/** What {@link judgeMask} finds. */
export interface MaskReport extends Evaluation {
  readonly layers: readonly {
    readonly path: string;
    readonly shape: readonly number[];
    readonly weights: number;
    readonly kept: number;
  }[];
  /** Share of all weights that are kept. */
  readonly keptShare: number;
  readonly frozenSha256: string;
  readonly sanity: SanityChecks;
  readonly sizes: ReturnType<typeof sizesOf>;
}

/** Measures a trained mask, and what is left of it when its bits, its weights or its sense are changed. */
export async function judgeMask(recipe: SearchRecipe, params: MaskedParams, signal?: AbortSignal): Promise<MaskReport> {
  const { seed, test, task } = recipe;
  const subnetwork = subnetworkOf(recipe, params);
  const evaluator = createEvaluator(deployedModel(recipe), task.loss);
  const measure = (other: Subnetwork) => {
    signal?.throwIfAborted();
    return evaluator.evaluate(deployedParams(recipe, params, other) as Tree<HostTensor>, test);
  };
  const draws = Array.from({ length: sanityDraws }, (_, draw) => draw);
  const withMasks = (masks: readonly Uint8Array[]) => measure({ ...subnetwork, masks });
  try {
    const own = await measure(subnetwork);
    const shuffled: number[] = [];
    const reinitialized: number[] = [];
    for (const draw of draws) {
      const masks = subnetwork.masks.map((mask, l) => {
        const order = new Random(seed, "shuffle", draw, l).permutation(mask.length);
        return mask.map((_, i) => mask[order[i]!]!);
      });
      shuffled.push((await withMasks(masks)).accuracy!);
      reinitialized.push((await measure({ ...subnetwork, seed: seed + 1 + draw })).accuracy!);
    }
    const inverted = (await withMasks(subnetwork.masks.map((mask) => mask.map((bit) => 1 - bit)))).accuracy!;
    const counts = new Map<number, number>();
    for (const label of test.targets.data) counts.set(label, (counts.get(label) ?? 0) + 1);
    const chance = Math.max(...counts.values()) / test.targets.data.length;
    const sizes = sizesOf(subnetwork);
    return {
      ...own,
      layers: subnetwork.layers.map(({ path, shape, size, kept }) => ({ path, shape, weights: size, kept })),
      keptShare: subnetwork.layers.reduce((sum, { kept }) => sum + kept, 0) / sizes.weights,
      frozenSha256: frozenSha256(params),
      sanity: { chance, shuffled, reinitialized, inverted },
      sizes,
    };
  } finally {
    await evaluator.dispose();
  }
}

/** Writes subnetwork.safetensors, model.onnx with the weights in it, and report.json. */
export async function writeSubnetwork(
  recipe: SearchRecipe,
  params: MaskedParams,
  run: string,
  report: Readonly<Record<string, unknown>>,
): Promise<void> {
  const subnetwork = subnetworkOf(recipe, params);
  const { folder } = RunFolder.inspect(run);
  const model = deployedModel(recipe);
  const { inputs } = recipe.train;
  const bytes = toOnnx(
    (tree: never, x: never) => model.apply(tree, x, new Mode(false)),
    deployedParams(recipe, params, subnetwork) as Tree<HostTensor>,
    [{ dtype: inputs.dtype, shape: [1, ...inputs.shape.slice(1)] }],
  );
  await folder.saveModel(bytes);
  await writeFileAtomic(join(run, "subnetwork.safetensors"), encodeSubnetwork(subnetwork));
  await folder.saveReport(report);
}

/** Trains a mask without a folder. @returns the scores and what is frozen */
export async function trainedMask(
  recipe: SearchRecipe,
  { signal, progress }: { readonly signal?: AbortSignal; readonly progress?: (fraction: number) => void } = {},
): Promise<MaskedParams> {
  for await (const event of trainMask(recipe, { ...(signal && { signal }) })) {
    if (event.type === "step") progress?.(event.step / recipe.totalSteps);
    if (event.type === "stopped") signal?.throwIfAborted();
    if (event.type === "end") return event.params as unknown as MaskedParams;
  }
  throw new Error("internal: a run ended without an end");
}
