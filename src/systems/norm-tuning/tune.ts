/** One network, several choices of what to train in it. @module */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import {
  ConfigError,
  flattenTree,
  type HostTensor,
  mapTree,
  Random,
  RunError,
  sameShape,
  type Tree,
} from "../../core/index.ts";
import { type Dataset, loadParts } from "../../data/index.ts";
import {
  type AdditionParams,
  crossEntropy,
  isAddition,
  isBuffer,
  type Layer,
  type Parameters,
  withAdditions,
} from "../../nn/index.ts";
import { adamW, cosineSchedule } from "../../optim/index.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  makeFolder,
  readFileBytes,
  writeFileAtomic,
} from "../../storage/index.ts";
import { createEvaluator, fit, modelNames, RunFolder, taskFor } from "../../train/index.ts";
import { type Choice, parseChoice, pathsOf } from "./choices.ts";
import { type RecipeConfig, recipeSchema } from "./config.ts";
import { applyDifference, type Difference, differenceOf, differenceOfAdditions, hashParameters } from "./difference.ts";
import { type NetworkName, networkNames, normNetwork } from "./models.ts";

/** What every choice starts from. */
export interface Base {
  readonly config: RecipeConfig;
  readonly seed: number;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly model: Layer;
  readonly params: Parameters;
  /** Which of the networks of this room it is; undefined for a model of `tenfold train`, which is built otherwise. */
  readonly network: { readonly name: NetworkName; readonly hidden: readonly number[] } | undefined;
}

/** What came of one choice. */
export interface TuneRow {
  readonly choice: string;
  /** Numbers that were trained. */
  readonly trained: number;
  /** Numbers of the network, running statistics apart. */
  readonly parameters: number;
  readonly accuracy: number;
  readonly loss: number;
  /** Bytes of the difference as it is stored. */
  readonly differenceBytes: number;
  /** SHA-256 of what was frozen, before and after. */
  readonly frozenSha256: string;
  readonly frozenSha256After: string;
}

const defaultRate = (choice: Choice) => ("part" in choice && choice.part === "all" ? 0.003 : 0.02);

const isNetworkName = (name: string): name is NetworkName => (networkNames as readonly string[]).includes(name);

/**
 * Loads the data and the network: fresh with batch norm and random weights by name, or that of a trained run.
 *
 * @throws {ConfigError} for data without classes, {@link RunError} for a folder that holds no run that fits
 */
export async function loadBase(config: RecipeConfig, seed: number): Promise<Base> {
  const { train, test } = await loadParts(config.data, { ...config, seed });
  if (train.classes === undefined) {
    throw new ConfigError({ where: "--data", expected: "classes to tell apart", found: `values (${train.name})` });
  }
  if (isNetworkName(config.model)) {
    const network = { name: config.model, hidden: config.hidden };
    const model = normNetwork(train, network);
    return { config, seed, train, test, model, network, params: model.init(new Random(seed, "norm", "base")) };
  }
  return { config, seed, train, test, ...(await loadRun(config.model, train)) };
}

async function loadRun(run: string, data: Dataset): Promise<Pick<Base, "model" | "params" | "network">> {
  if (!existsSync(run)) {
    throw new ConfigError({
      where: "--model",
      expected: `one of ${networkNames.join(", ")}, or the folder of a trained run`,
      found: `"${run}"`,
    });
  }
  const { folder, identity } = RunFolder.inspect(run);
  if (identity.normTuning !== undefined) {
    const { base, params } = await openTuned(run);
    const model = base.network ? normNetwork(data, base.network) : base.model;
    return { model, network: base.network, params: fitTo(params, model, run) };
  }
  const parsed = z.object({ model: z.enum(modelNames), hidden: z.array(z.number()).default([]) }).safeParse(identity);
  const checkpoint = await folder.loadCheckpoint();
  if (!parsed.success || !checkpoint) {
    const expected = "a run of tenfold train or tenfold norm tune with a checkpoint";
    throw new RunError({
      where: run,
      expected,
      found: checkpoint ? `model ${String(identity.model)}` : "no checkpoint",
    });
  }
  const { model } = taskFor(data, parsed.data);
  const own = Object.entries(checkpoint.tensors).flatMap(([path, leaf]): [string, HostTensor][] =>
    path.startsWith("params.") ? [[path.slice("params.".length), leaf]] : [],
  );
  const params = fromTensors(Object.fromEntries(own), model, run);
  return { model, params, network: parsed.data.model === "resnet8" ? { name: "resnet8", hidden: [] } : undefined };
}

/** Tensors by path as the parameters of a model. */
function fromTensors(tensors: Readonly<Record<string, HostTensor>>, model: Layer, where: string): Parameters {
  return mapTree<HostTensor, HostTensor>(model.init(new Random(0)) as Tree<HostTensor>, (leaf, path) => {
    const found = tensors[path];
    if (found && sameShape(found.shape, leaf.shape) && found.dtype === leaf.dtype) return found;
    throw new RunError({
      where: `${where} at ${path}`,
      expected: `${leaf.dtype}[${leaf.shape.join(", ")}], as this data's network has it`,
      found: found ? `${found.dtype}[${found.shape.join(", ")}]` : "nothing",
      hint: "take a run on data of the same shape and number of classes",
    });
  }) as Parameters;
}

const fitTo = (params: Parameters, model: Layer, where: string) =>
  fromTensors(Object.fromEntries(flattenTree(params as Tree<HostTensor>)), model, where);

/** Where and how a choice is trained. */
export interface TunePlace {
  readonly run?: string;
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
}

/** What {@link tuneChoice} gives. */
export interface Tuned {
  readonly row: TuneRow;
  readonly difference: Difference;
}

/** The options as a run remembers them: a path on disk becomes absolute, so that it can be read from anywhere. */
function remembered(config: RecipeConfig): Omit<RecipeConfig, "train"> {
  const { train: _, ...rest } = config;
  const absolute = (path: string) => (existsSync(path) ? resolve(path) : path);
  return { ...rest, data: absolute(config.data), model: absolute(config.model) };
}

/** Name of a choice's folder. */
export const folderOf = (choice: string) => choice.replace(":", "-");

const bytesOf = (difference: Difference, metadata: Readonly<Record<string, string>>) =>
  encodeSafetensors(difference, metadata);

/**
 * Trains one choice from the base, and keeps the difference only.
 *
 * @throws {RunError} where what was to stay frozen did not
 */
export async function tuneChoice(base: Base, text: string, place: TunePlace): Promise<Tuned> {
  const { config, seed, train, test } = base;
  const choice = parseChoice(text);
  const low = "rank" in choice ? withAdditions(base.model, { rank: choice.rank }) : undefined;
  const model = low ?? base.model;
  const start = low ? low.from(base.params, new Random(seed, "norm", "lora")) : base.params;
  const trainedPaths =
    "rank" in choice
      ? new Set(flattenTree(start as Tree<HostTensor>).flatMap(([path]) => (isAddition(path) ? [path] : [])))
      : pathsOf(base.params, choice.part);
  const isFrozen = (path: string) => !trainedPaths.has(path) && !isBuffer(path);
  const rate = config.learningRate ?? defaultRate(choice);
  const totalSteps = config.epochs * Math.ceil(train.inputs.shape[0]! / config.batchSize);
  const before = hashParameters(start, isFrozen);

  let params: Parameters | undefined;
  const run = place.run;
  const events = fit<Parameters>({
    model,
    loss: crossEntropy,
    optimizer: adamW({ weightDecay: 0 }),
    data: train,
    epochs: config.epochs,
    batchSize: config.batchSize,
    seed,
    params: start,
    trainable: (path) => trainedPaths.has(path),
    learningRate: cosineSchedule({ peak: rate, totalSteps, warmupSteps: Math.round(0.05 * totalSteps) }),
    learningRateName: `cosine from ${rate}`,
    identity: { choice: text, normTuning: remembered(config) },
    ...(run !== undefined && { run, resume: (place.resume ?? false) && existsSync(join(run, "run.json")) }),
    ...(place.signal && { signal: place.signal }),
  });
  for await (const event of events) {
    if (event.type === "step") place.progress?.(event.step / totalSteps);
    if (event.type === "stopped") throw place.signal?.reason ?? new DOMException("stopped", "AbortError");
    if (event.type === "end") params = event.params as Parameters;
  }
  const after = hashParameters(params!, isFrozen);
  if (after !== before) {
    throw new RunError({
      where: `tune ${text}`,
      expected: `frozen parameters with sha256 ${before.slice(0, 12)}…`,
      found: `${after.slice(0, 12)}…`,
    });
  }
  const evaluator = createEvaluator(model, crossEntropy);
  const { accuracy = 0, loss } = await evaluator.evaluate(params as Tree<HostTensor>, test);
  await evaluator.dispose();

  const difference = low
    ? differenceOfAdditions(params as unknown as AdditionParams, low.paths)
    : differenceOf(params!, trainedPaths);
  const bytes = bytesOf(difference, { choice: text, baseSha256: hashParameters(base.params) });
  const sizes = new Map(flattenTree(start as Tree<HostTensor>));
  const row: TuneRow = {
    choice: text,
    trained: [...trainedPaths].reduce((total, path) => total + sizes.get(path)!.data.length, 0),
    parameters: flattenTree(base.params as Tree<HostTensor>).reduce(
      (total, [path, { data }]) => total + (isBuffer(path) ? 0 : data.length),
      0,
    ),
    accuracy,
    loss,
    differenceBytes: bytes.length,
    frozenSha256: before,
    frozenSha256After: after,
  };
  if (run !== undefined) {
    await writeFileAtomic(join(run, "row.json"), `${JSON.stringify(row, null, 2)}\n`);
    await writeFileAtomic(join(run, "diff.safetensors"), bytes);
    // All that the network was before is in the base: only the difference stays.
    await rm(join(run, "checkpoints"), { recursive: true, force: true });
    await rm(join(run, "model.onnx"), { force: true });
  }
  return { row, difference };
}

/**
 * Trains every choice of the configuration, each from the same base; with `run`, each into a folder of its own there, and those that
 * came to their end are not trained again on resuming.
 */
export async function tune(
  base: Base,
  { run, resume = false, signal, stage, progress }: TunePlace & { readonly stage?: (choice: string) => void },
): Promise<TuneRow[]> {
  const rows: TuneRow[] = [];
  if (run !== undefined) await makeFolder(run);
  for (const choice of base.config.train) {
    stage?.(choice);
    const folder = run === undefined ? undefined : join(run, folderOf(choice));
    if (resume && folder !== undefined && existsSync(join(folder, "diff.safetensors"))) {
      (await RunFolder.open(folder, { seed: base.seed, choice, normTuning: remembered(base.config) })).close();
      rows.push((await readRow(folder)) as TuneRow);
      continue;
    }
    const place = { resume, ...(signal && { signal }), ...(progress && { progress }) };
    rows.push((await tuneChoice(base, choice, { ...place, ...(folder !== undefined && { run: folder }) })).row);
  }
  return rows;
}

const rowSchema = z.object({
  choice: z.string(),
  trained: z.number(),
  parameters: z.number(),
  accuracy: z.number(),
  loss: z.number(),
  differenceBytes: z.number(),
  frozenSha256: z.string(),
  frozenSha256After: z.string(),
});

async function readRow(folder: string): Promise<TuneRow> {
  const path = join(folder, "row.json");
  const text = new TextDecoder().decode(await readFileBytes(path));
  try {
    return rowSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new RunError({
      where: path,
      expected: "a row as tenfold norm tune writes it",
      found: "other contents",
      cause,
    });
  }
}

/** A choice's folder read back: its base made anew, and its difference put in. */
export interface OpenedTune {
  readonly base: Base;
  readonly row: TuneRow;
  readonly difference: Difference;
  /** The base with the difference in it. */
  readonly params: Parameters;
}

/**
 * Opens the folder of one choice.
 *
 * @throws {RunError} where it is none, did not come to its end, or its base is no longer the one it was trained from
 */
export async function openTuned(run: string): Promise<OpenedTune> {
  const { identity } = RunFolder.inspect(run);
  const parsed = recipeSchema.safeParse({ ...(identity.normTuning as object), train: [identity.choice] });
  const path = join(run, "diff.safetensors");
  if (!parsed.success || !existsSync(path)) {
    const found = parsed.success ? "one that did not come to its end" : "another";
    const hint = "go on with it with tenfold norm tune --resume";
    throw new RunError({ where: run, expected: "a finished run of tenfold norm tune", found, hint });
  }
  const base = await loadBase(parsed.data, identity.seed as number);
  const { tensors, metadata } = decodeSafetensors(await readFileBytes(path), path);
  const own = hashParameters(base.params);
  if (metadata.baseSha256 !== own) {
    throw new RunError({
      where: path,
      expected: `the base with sha256 ${String(metadata.baseSha256).slice(0, 12)}…, from which it was trained`,
      found: `${own.slice(0, 12)}…`,
      hint: "put the base's run and data back",
    });
  }
  return { base, row: await readRow(run), difference: tensors, params: applyDifference(base.params, tensors) };
}
